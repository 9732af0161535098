/* SPDX-License-Identifier: MIT
 *
 * The play head moves in units of the axis, not of the trace's time: at any axis the run takes the
 * same time to watch, and folded gaps pass as fast as they look.
 */
#include "viewer/player.h"

#include <math.h>

#include "tracer/trace/trace.h"
#include "viewer/timescale.h"

void player_init(struct player *p)
{
	*p = (struct player){.speed = 1};
}

void player_toggle(struct player *p)
{
	if (!p->playing && p->head >= 1)
		p->head = 0;
	p->playing = !p->playing;
}

void player_restart(struct player *p)
{
	if (p->head >= 1)
		p->playing = true;
	p->head = 0;
}

void player_set_speed(struct player *p, double speed)
{
	if (!(speed > 0))
		return;
	p->speed = fmin(fmax(speed, 1 / PLAYER_SPEED_MAX), PLAYER_SPEED_MAX);
	if (fabs(p->speed - 1) < 1e-6) /* there and back again is 1, not 0.9999 */
		p->speed = 1;
}

/* A step that would pass a bound is not made at all, so that the way back leads to 1 again. */
void player_slower(struct player *p)
{
	if (p->speed / PLAYER_SPEED_STEP >= 1 / PLAYER_SPEED_MAX)
		player_set_speed(p, p->speed / PLAYER_SPEED_STEP);
}

void player_faster(struct player *p)
{
	if (p->speed * PLAYER_SPEED_STEP <= PLAYER_SPEED_MAX)
		player_set_speed(p, p->speed * PLAYER_SPEED_STEP);
}

void player_seek(struct player *p, double head)
{
	if (isnan(head))
		return;
	p->head = fmin(fmax(head, 0), 1);
}

bool player_advance(struct player *p, double dt_s)
{
	double before = p->head;

	if (!p->playing)
		return false;
	if (dt_s > 0)
		player_seek(p, p->head + dt_s * p->speed / PLAYER_RUN_S);
	if (p->head >= 1)
		p->playing = false;
	return p->head != before || !p->playing;
}

/* Keeps in *best the time nearest to `now` that lies beyond it. */
static void offer(int64_t t, int64_t now, int way, int64_t *best)
{
	if (t == WEFT_NO_TIME || (way > 0 ? t <= now : t >= now))
		return;
	if (*best == WEFT_NO_TIME || (way > 0 ? t < *best : t > *best))
		*best = t;
}

/* All are looked at: in an `order: worker` file events are not sorted, and 10 million take 10 ms.
 */
static int64_t find_moment(const struct weft_trace *t, int64_t now, enum player_step what, int way)
{
	int64_t best = WEFT_NO_TIME;

	if (what == PLAYER_MESSAGE) {
		for (uint32_t i = 0; i < t->nmessages; i++)
			offer(t->messages[i].recv_ns, now, way, &best);
		return best;
	}
	for (uint32_t i = 0; i < t->nevents; i++)
		offer(t->events[i].t_ns, now, way, &best);
	return best;
}

bool player_step(struct player *p, const struct weft_trace *t, const struct timescale *s,
	enum player_step what, int way)
{
	double before = p->head;
	int64_t moment = find_moment(t, timescale_t(s, p->head), what, way);

	p->playing = false;
	if (moment == WEFT_NO_TIME)
		p->head = way > 0 ? 1 : 0;
	else
		p->head = timescale_y(s, moment);
	return p->head != before;
}
