/* SPDX-License-Identifier: MIT
 *
 * What is in a picture, and what is not. No font, no cairo.
 */
#include <dirent.h>
#include <math.h>

#include "tests/made.h"
#include "tests/test.h"
#include "viewer/layout.h"
#include "viewer/scene.h"
#include "viewer/text.h"

struct picture {
	struct weft_trace *t;
	struct layout *l;
	struct view v;
	struct scene *s;
};

static struct picture picture_of(struct weft_trace *t)
{
	struct picture p = {.t = t, .l = layout_create(t), .s = scene_create()};

	view_init(&p.v);
	p.v.width = 1280;
	p.v.height = 720;
	p.v.axis = VIEW_AXIS_ORDER;
	p.v.bar = true;
	p.v.labels = true;
	p.v.head = 1;
	scene_build(p.s, t, p.l, &p.v);
	return p;
}

static void rebuild(struct picture *p)
{
	scene_build(p->s, p->t, p->l, &p->v);
}

static void finish(struct picture *p)
{
	scene_destroy(p->s);
	layout_destroy(p->l);
}

static bool close_to(double a, double b)
{
	return fabs(a - b) < 1e-6;
}

static double lane_x(const struct picture *p, uint32_t thread)
{
	return scene_world_to_x(&p->v, p->l->x[thread]);
}

/* Every arrow begins on its sender's line and ends on its receiver's, at the right heights. */
static void check_arrows(const struct picture *p)
{
	const struct timescale *ts = &p->l->scale[p->v.axis];

	for (uint32_t i = 0; i < p->s->narrows; i++) {
		const struct scene_arrow *a = &p->s->arrows[i];
		const struct weft_message *m = &p->t->messages[a->message];

		CHECK(close_to(a->x0, lane_x(p, m->from)));
		CHECK(close_to(a->y0, scene_axis_to_y(&p->v, timescale_y(ts, m->send_ns))));
		if (a->flags & SCENE_LOST)
			continue;
		CHECK(close_to(a->x1, lane_x(p, m->to)));
		CHECK(close_to(a->y1, scene_axis_to_y(&p->v, timescale_y(ts, m->recv_ns))));
		CHECK(a->progress >= 0 && a->progress <= 1);
		CHECK((a->progress < 1) <= !!(a->flags & SCENE_IN_FLIGHT));
	}
}

/* Nothing later than the play head, nothing outside the plot. */
static void check_bounds(const struct picture *p)
{
	const struct scene *s = p->s;
	double bottom = fmin(s->head_y, s->plot.y + s->plot.h) + 1e-6;

	for (uint32_t i = 0; i < s->nlanes; i++) {
		CHECK(s->lanes[i].y0 >= s->plot.y - 1e-6);
		CHECK(s->lanes[i].y1 <= bottom);
		CHECK(s->lanes[i].y0 <= s->lanes[i].y1);
	}
	for (uint32_t i = 0; i < s->nties; i++)
		CHECK(s->ties[i].y <= bottom);
	for (uint32_t i = 0; i < s->narrows; i++) {
		const struct scene_arrow *a = &s->arrows[i];

		CHECK(a->y0 + (a->y1 - a->y0) * a->progress <= s->head_y + 1e-6);
	}
	for (uint32_t i = 0; i < s->ndensities; i++)
		CHECK(s->densities[i].area.y + s->densities[i].area.h <= bottom);
	for (uint32_t i = 0; i < s->nlabels; i++)
		if (s->labels[i].kind <= SCENE_LABEL_VALUE)
			CHECK(s->labels[i].box.y + s->labels[i].box.h <=
				fmax(bottom, s->plot.y + 16));
}

static bool overlap(const struct scene_rect *a, const struct scene_rect *b)
{
	return a->x < b->x + b->w && b->x < a->x + a->w && a->y < b->y + b->h && b->y < a->y + a->h;
}

/* Upright labels overlap nothing; slanted ones are parallel, and apart by more than their height.
 */
static void check_labels(const struct picture *p)
{
	const struct scene *s = p->s;

	for (uint32_t i = 0; i < s->nlabels; i++) {
		const struct scene_label *a = &s->labels[i];

		CHECK(a->text[0]);
		CHECK(a->box.x >= 0 && a->box.y >= 0);
		CHECK(a->box.x + a->box.w <= p->v.width / p->v.scale);
		for (uint32_t k = i + 1; k < s->nlabels; k++) {
			const struct scene_label *b = &s->labels[k];

			if (a->angle != 0 && b->angle != 0)
				CHECK(fabs(a->x - b->x) * fabs(sin(a->angle)) >= a->size - 0.5);
			else if (overlap(&a->box, &b->box))
				test_fail(__FILE__, __LINE__,
					"'%s' (%.1f, %.1f, %.1f, %.1f) lies "
					"on '%s' (%.1f, %.1f, %.1f, %.1f)",
					a->text, a->box.x, a->box.y, a->box.w, a->box.h, b->text,
					b->box.x, b->box.y, b->box.w, b->box.h);
		}
	}
}

static void check_everywhere(struct weft_trace *t)
{
	struct picture p = picture_of(t);
	static const int sizes[][2] = {{1280, 720}, {1920, 1080}, {640, 360}, {200, 150}, {64, 64}};

	for (unsigned size = 0; size < sizeof sizes / sizeof *sizes; size++) {
		for (int axis = 0; axis < VIEW_AXIS_COUNT; axis++) {
			for (int step = 0; step <= 7; step++) {
				p.v.width = sizes[size][0];
				p.v.height = sizes[size][1];
				p.v.axis = (enum view_axis)axis;
				p.v.head = step / 7.0;
				rebuild(&p);
				check_arrows(&p);
				check_bounds(&p);
				check_labels(&p);
			}
		}
	}
	p.v.width = 1280;
	p.v.height = 720;
	p.v.camera = (struct view_camera){0.2, 0.3, 0.6, 0.5};
	rebuild(&p);
	check_arrows(&p);
	check_bounds(&p);
	check_labels(&p);
	finish(&p);
}

TEST_LIMIT(sieve_holds_at_every_size_axis_and_moment, 60)
{
	struct weft_trace t = made_sieve(12);

	check_everywhere(&t);
}

TEST_LIMIT(pool_holds_at_every_size_axis_and_moment, 60)
{
	struct weft_trace t = made_pool(5, 12);

	check_everywhere(&t);
}

/* Every trace in a folder; returns how many there were. */
static int check_folder(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	if (!d)
		return 0;
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		size_t length = strlen(e->d_name);
		struct weft_trace_error error;
		struct weft_trace *t;
		char name[1024];

		if (length < 5 || strcmp(e->d_name + length - 5, ".json") != 0)
			continue;
		snprintf(name, sizeof name, "%s/%s", path, e->d_name);
		if (weft_trace_load(name, NULL, &t, &error) < 0)
			test_fail(__FILE__, __LINE__, "%s: %s", name, error.text);
		check_everywhere(t);
		weft_trace_free(t);
		n++;
	}
	closedir(d);
	return n;
}

TEST_LIMIT(the_examples_hold_at_every_size_axis_and_moment, 120)
{
	CHECK(check_folder(SOURCE_ROOT "/traces") >= 4);
}

TEST_LIMIT(gotrace_recordings_hold_at_every_size_axis_and_moment, 120)
{
	if (!check_folder(SOURCE_ROOT "/../shared/traces/gotrace"))
		test_skip("the recordings are not here");
}

TEST(all_messages_of_a_small_run_are_arrows)
{
	struct weft_trace t = made_sieve(8);
	struct picture p = picture_of(&t);

	CHECK_INT(p.s->narrows, t.nmessages);
	CHECK_INT(p.s->ndensities, 0);
	finish(&p);
}

static uint32_t count_labels(const struct scene *s, unsigned kind)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->nlabels; i++)
		n += s->labels[i].kind == kind;
	return n;
}

TEST(names_and_values_are_there)
{
	struct weft_trace t = made_sieve(5);
	struct picture p = picture_of(&t);

	CHECK_INT(count_labels(p.s, SCENE_LABEL_NAME), 6);
	CHECK(count_labels(p.s, SCENE_LABEL_VALUE) >= t.nmessages * 2 / 3);
	p.v.labels = false;
	rebuild(&p);
	CHECK_INT(count_labels(p.s, SCENE_LABEL_VALUE), 0);
	finish(&p);
}

TEST(an_arrow_grows_while_time_passes)
{
	struct weft_trace t = made_trace("one", 1000);
	struct picture p;

	made_thread(&t, "a", WEFT_NO_INDEX, 0, -1);
	made_thread(&t, "b", 0, 0, -1);
	made_message(&t, 0, 1, 200, 600, "x");
	p = picture_of(&t);
	p.v.axis = VIEW_AXIS_WALL;
	p.v.head = 0.1;
	rebuild(&p);
	CHECK_INT(p.s->narrows, 0);
	p.v.head = 0.3;
	rebuild(&p);
	CHECK_INT(p.s->narrows, 1);
	CHECK(close_to(p.s->arrows[0].progress, 0.25));
	CHECK_INT(p.s->arrows[0].flags, SCENE_IN_FLIGHT);
	p.v.head = 0.6;
	rebuild(&p);
	CHECK(close_to(p.s->arrows[0].progress, 1));
	CHECK_INT(p.s->arrows[0].flags, 0);
	finish(&p);
}

TEST(a_message_at_one_instant_is_there_at_once)
{
	struct weft_trace t = made_trace("instant", 1000);
	struct picture p;

	made_thread(&t, "a", WEFT_NO_INDEX, 0, -1);
	made_thread(&t, "b", 0, 0, -1);
	made_message(&t, 0, 1, 500, 500, "x");
	p = picture_of(&t);
	p.v.axis = VIEW_AXIS_WALL;
	p.v.head = 0.49;
	rebuild(&p);
	CHECK_INT(p.s->narrows, 0);
	p.v.head = 0.5;
	rebuild(&p);
	CHECK_INT(p.s->narrows, 1);
	CHECK(close_to(p.s->arrows[0].progress, 1));
	finish(&p);
}

TEST(buffered_and_lost_messages_are_told_apart)
{
	struct weft_trace t = made_trace("kinds", 1000);
	struct picture p;

	made_thread(&t, "a", WEFT_NO_INDEX, 0, -1);
	made_thread(&t, "b", 0, 0, -1);
	made_message(&t, 0, 1, 100, 200, NULL);
	t.messages[made_message(&t, 0, 1, 300, 400, NULL)].via = WEFT_VIA_BUFFER;
	t.messages[made_message(&t, 0, 1, 500, -1, NULL)].via = WEFT_VIA_BUFFER;
	p = picture_of(&t);
	CHECK_INT(p.s->narrows, 3);
	CHECK_INT(p.s->arrows[0].flags, 0);
	CHECK_INT(p.s->arrows[1].flags, SCENE_BUFFERED);
	CHECK_INT(p.s->arrows[2].flags, SCENE_BUFFERED | SCENE_LOST);
	CHECK(p.s->buffered);
	finish(&p);
}

TEST(arrows_have_gaps_where_they_pass_living_threads_only)
{
	struct weft_trace t = made_sieve(6);
	struct picture p;
	const struct scene_arrow *last;

	p = picture_of(&t);
	/* The last message goes from filter 6 home to main, over the five others. */
	last = &p.s->arrows[p.s->narrows - 1];
	CHECK_INT(last->ngaps, 5);
	for (uint32_t i = 0; i < 5; i++)
		CHECK(close_to(p.s->gaps[last->first_gap + i], (i + 1) / 6.0));
	finish(&p);
	t.threads[1].ended = true;
	t.threads[1].died_ns = 5500;
	p = picture_of(&t);
	CHECK_INT(p.s->arrows[p.s->narrows - 1].ngaps, 4);
	finish(&p);
}

TEST(states_follow_the_spans)
{
	static const struct {
		unsigned state, why, look;
	} steps[] = {
		{WEFT_STATE_READY, WEFT_WHY_NONE, SCENE_READY},
		{WEFT_STATE_RUNNING, WEFT_WHY_NONE, SCENE_RUNNING},
		{WEFT_STATE_BLOCKED, WEFT_WHY_SEND, SCENE_SEND},
		{WEFT_STATE_BLOCKED, WEFT_WHY_RECV, SCENE_RECV},
		{WEFT_STATE_BLOCKED, WEFT_WHY_SELECT, SCENE_SELECT},
		{WEFT_STATE_BLOCKED, WEFT_WHY_JOIN, SCENE_JOIN},
		{WEFT_STATE_BLOCKED, WEFT_WHY_LOCK, SCENE_WAIT},
		{WEFT_STATE_BLOCKED, WEFT_WHY_SLEEP, SCENE_SLEEP},
		{WEFT_STATE_UNKNOWN, WEFT_WHY_NONE, SCENE_LIFE},
	};
	struct weft_trace t = made_trace("states", 900);
	struct picture p;

	made_thread(&t, "a", WEFT_NO_INDEX, 0, -1);
	for (unsigned i = 0; i < 9; i++)
		made_span(&t, 100 * i, 100 * (i + 1), steps[i].state, steps[i].why);
	p = picture_of(&t);
	p.v.axis = VIEW_AXIS_WALL;
	rebuild(&p);
	CHECK_INT(p.s->nlanes, 9);
	for (unsigned i = 0; i < 9; i++) {
		CHECK_INT(p.s->lanes[i].look, steps[i].look);
		CHECK(close_to(p.s->lanes[i].y0, p.s->plot.y + p.s->plot.h * i / 9));
	}
	CHECK_INT(p.s->looks, (1 << SCENE_LOOK_COUNT) - 1);
	finish(&p);
}

TEST(spans_thinner_than_a_pixel_merge)
{
	struct weft_trace t = made_trace("thin", 4000);
	struct picture p;

	made_thread(&t, "a", WEFT_NO_INDEX, 0, -1);
	for (int i = 0; i < 4000; i++)
		made_span(
			&t, i, i + 1, i % 2 ? WEFT_STATE_RUNNING : WEFT_STATE_READY, WEFT_WHY_NONE);
	p = picture_of(&t);
	p.v.axis = VIEW_AXIS_WALL;
	rebuild(&p);
	CHECK(p.s->nlanes < 720);
	CHECK(close_to(p.s->lanes[0].y0, p.s->plot.y));
	CHECK(close_to(p.s->lanes[p.s->nlanes - 1].y1, p.s->plot.y + p.s->plot.h));
	finish(&p);
}

TEST(too_many_arrows_become_density)
{
	struct weft_trace t = made_trace("many", 40000);
	struct picture p;
	uint32_t counted = 0;

	made_thread(&t, "a", WEFT_NO_INDEX, 0, -1);
	made_thread(&t, "b", 0, 0, -1);
	for (int i = 0; i < 20000; i++)
		made_message(&t, i % 2, 1 - i % 2, 2 * i, 2 * i + 1, "v");
	p = picture_of(&t);
	CHECK(p.s->narrows < 1000);
	CHECK(p.s->ndensities > 10);
	for (uint32_t i = 0; i < p.s->ndensities; i++)
		counted += p.s->densities[i].count;
	CHECK_INT(counted + p.s->narrows, 20000);
	check_bounds(&p);
	/* Seen closely, they are arrows again. */
	p.v.camera = (struct view_camera){0, 0.5, 1, 0.5005};
	rebuild(&p);
	CHECK(p.s->narrows >= 10);
	CHECK_INT(p.s->ndensities, 0);
	finish(&p);
}

TEST(children_are_tied_to_their_parent)
{
	struct weft_trace t = made_trace("ties", 1000);
	struct picture p;

	made_thread(&t, "main", WEFT_NO_INDEX, 0, -1);
	made_thread(&t, "child", 0, 300, 700);
	p = picture_of(&t);
	CHECK_INT(p.s->nties, 2);
	for (int i = 0; i < 2; i++) {
		CHECK(close_to(p.s->ties[i].x0, lane_x(&p, 0)));
		CHECK(close_to(p.s->ties[i].x1, lane_x(&p, 1)));
		CHECK_INT(p.s->ties[i].end, i);
	}
	finish(&p);
}

TEST(dots_are_at_living_threads)
{
	struct weft_trace t = made_trace("dots", 1000);
	struct picture p;

	made_thread(&t, "main", WEFT_NO_INDEX, 0, -1);
	made_thread(&t, "early", 0, 100, 300);
	made_thread(&t, "late", 0, 700, -1);
	p = picture_of(&t);
	p.v.axis = VIEW_AXIS_WALL;
	p.v.head = 0.2;
	rebuild(&p);
	CHECK_INT(p.s->ndots, 2);
	p.v.head = 0.5;
	rebuild(&p);
	CHECK_INT(p.s->ndots, 1);
	CHECK_INT(p.s->dots[0].thread, 0);
	CHECK(close_to(p.s->dots[0].y, p.s->head_y));
	finish(&p);
}

TEST(pick_finds_threads_messages_and_nothing)
{
	struct weft_trace t = made_sieve(3);
	struct picture p = picture_of(&t);
	const struct scene_arrow *a = &p.s->arrows[0];
	struct scene_hit hit;

	hit = scene_pick(p.s, lane_x(&p, 2) + 1, p.s->plot.y + p.s->plot.h - 3);
	CHECK_INT(hit.what, SCENE_THREAD);
	CHECK_INT(hit.index, 2);
	hit = scene_pick(p.s, (a->x0 + a->x1) / 2, (a->y0 + a->y1) / 2);
	CHECK_INT(hit.what, SCENE_MESSAGE);
	CHECK_INT(hit.index, 0);
	hit = scene_pick(p.s, 5, 5);
	CHECK_INT(hit.what, SCENE_NOTHING);
	finish(&p);
}

TEST(coordinates_go_there_and_back)
{
	struct view v;

	view_init(&v);
	v.width = 1000;
	v.height = 800;
	v.scale = 2;
	v.bar = true;
	v.camera = (struct view_camera){0.1, 0.2, 0.5, 0.9};
	CHECK(close_to(scene_x_to_world(&v, scene_world_to_x(&v, 0.3)), 0.3));
	CHECK(close_to(scene_y_to_axis(&v, scene_axis_to_y(&v, 0.7)), 0.7));
	CHECK(close_to(scene_world_to_x(&v, 0.1), scene_plot_area(&v).x));
	CHECK(scene_plot_area(&v).x + scene_plot_area(&v).w <= 500);
	CHECK(close_to(scene_bar_head(&v, scene_bar_area(&v).track.x), 0));
	CHECK(close_to(scene_bar_head(&v, 1e6), 1));
	v.bar = false;
	CHECK(scene_bar_area(&v).area.h == 0);
}

TEST(the_bar_shows_where_messages_are)
{
	struct weft_trace t = made_trace("bar", 1000);
	struct picture p;

	made_thread(&t, "a", WEFT_NO_INDEX, 0, -1);
	made_message(&t, 0, 0, 500, 501, NULL);
	p = picture_of(&t);
	p.v.axis = VIEW_AXIS_WALL;
	rebuild(&p);
	CHECK(p.s->nbar > 100);
	for (uint32_t i = 0; i < p.s->nbar; i++)
		CHECK_INT(p.s->bar[i] > 0, i == p.s->nbar / 2);
	finish(&p);
}

TEST(an_empty_trace_is_an_empty_picture)
{
	struct weft_trace t = made_trace("nothing", 0);
	struct picture p = picture_of(&t);

	CHECK_INT(p.s->nlanes + p.s->narrows, 0);
	CHECK_IN(p.s->facts, "0 threads");
	finish(&p);
}

TEST(messages_of_a_timer_have_no_arrow_and_are_not_counted)
{
	struct weft_trace t = made_trace("timer", 100);
	struct picture p;

	made_thread(&t, "main", WEFT_NO_INDEX, 0, -1);
	made_thread(&t, "timers", WEFT_NO_INDEX, 0, -1);
	t.threads[1].sys = true;
	made_message(&t, 1, 0, 40, 50, NULL);
	p = picture_of(&t);
	CHECK_INT(p.s->narrows, 0);
	CHECK(!p.s->messages);
	CHECK_IN(p.s->facts, "1 thread   0 messages");
	finish(&p);
	made_message(&t, 0, 0, 60, 70, NULL);
	p = picture_of(&t);
	CHECK_INT(p.s->narrows, 1);
	CHECK(p.s->messages);
	CHECK_IN(p.s->facts, "1 message ");
	finish(&p);
}

TEST(text_is_shortened_in_its_middle_by_whole_characters)
{
	char text[64];

	CHECK(text_fit(text, sizeof text, "subworker #12", 10, 1000) > 0);
	CHECK_STR(text, "subworker #12");
	CHECK(text_fit(text, sizeof text, "subworker #12", 10, 50) <= 50);
	CHECK_IN(text, "\xe2\x80\xa6");
	CHECK_INT(text[0], 's');
	CHECK_INT(text[strlen(text) - 1], '2');
	CHECK_STR(text + strlen(text) - 3, "#12");
	CHECK(text_fit(text, sizeof text, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6", 10, 20) > 0);
	CHECK_STR(text, "\xc3\xa4\xe2\x80\xa6");
	CHECK(text_fit(text, sizeof text, "abc", 10, 3) == 0);
	CHECK_STR(text, "");
	CHECK(text_fit(text, 6, "a long text", 10, 1000) > 0);
	CHECK(strlen(text) < 6);
}

TEST(times_have_fitting_units)
{
	char text[32];

	text_time(text, sizeof text, 3136985876);
	CHECK_STR(text, "3137.0 ms");
	text_time(text, sizeof text, 950);
	CHECK_STR(text, "950 ns");
	text_time(text, sizeof text, 45200);
	CHECK_STR(text, "45.20 \xc2\xb5s");
	text_time(text, sizeof text, INT64_C(45200000000));
	CHECK_STR(text, "45.20 s");
	text_time_like(text, sizeof text, 1500000, 3000000, 500000);
	CHECK_STR(text, "1500 \xc2\xb5s");
}

TEST_MAIN
