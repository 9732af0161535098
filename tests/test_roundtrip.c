/* SPDX-License-Identifier: MIT
 *
 * Random records of every kind, through the recorder into a file and back through the reader: what
 * comes out is what went in, in the order of (t, worker), to the last field. One thread writes into
 * all rings, whose clocks are off against each other; threads that write at once are
 * tests/record_play.c's. The file is read as it is, by the scanner, and again in another layout, by
 * the general decoder.
 *
 * A tick is a ns here, so that times can be told; what the timeline makes of ticks is
 * test_timeline.c's. WEFT_TEST_SEED is the first of the seeds, or the one to look at again.
 */
#include "tests/same_record.h"
#include "tests/trace_file.h"

#include <json-c/json.h>

#include "tests/roundtrip_draw.h"
#include "tracer/record/append.h"
#include "tracer/record/kinds.h"
#include "tracer/trace/reader.h"

#define SEEDS 60
#define WORKERS_MAX 4
#define LOCS_MAX 1024

static uint64_t given_seed;

/* ---- What is written ------------------------------------------------------------------------- */

static struct made *begin_made(enum weft_ev kind, int worker)
{
	struct made *one = &made[nmade];

	*one = (struct made){.rec = {.kind = (uint8_t)kind}, .worker = worker, .number = nmade++};
	weft_record_clear(&one->want);
	one->want.kind = (uint8_t)kind;
	return one;
}

static void write_made(struct made *one)
{
	static const struct weft_rec_tail empty;
	unsigned units = 2 + (unsigned)((one->bytes + WEFT_REC_UNIT - 1) / WEFT_REC_UNIT);
	struct weft__ring *ring = weft__rec_ring(one->worker);
	bool known = one->rec.on && one->rec.on < PAST_OBJECTS;
	int64_t *object = known ? &object_last[one->rec.on] : NULL;
	/* A stack stands before what refers to it, whatever the clocks say. */
	int64_t *stack = one->stack ? &stacks[one->stack].last : NULL;
	struct weft_rec *rec;

	if (units == 2 && memcmp(&one->tail, &empty, sizeof(empty)) == 0 && below(2))
		units = 1;
	weft__rec_reserve(ring, units);
	rec = weft__rec_begin(ring, one->rec.kind, units, object, stack);
	one->rec.t = rec->t;
	one->rec.units = (uint8_t)units;
	*rec = one->rec;
	if (units > 1)
		*weft__rec_tail(rec) = one->tail;
	if (units > 2)
		memcpy(weft__rec_payload(rec), one->payload, one->bytes);
	weft__rec_end(ring, rec);
	if (one->rec.kind != WEFT_EV_STACK)
		one->want.t = in_file(rec->t - weft__rec.lines.timeline.zero.ticks);
}

static void make_objects(void)
{
	for (int i = 1; i <= CHANNELS + LOCKS; i++) {
		struct made *one = begin_made(WEFT_EV_MAKE, 0);
		bool is_chan = i <= CHANNELS;
		size_t n = is_chan && below(4) ? below(60) : 0;

		one->rec.on = one->want.on = (uint64_t)i;
		one->rec.why = one->want.type = is_chan ? WEFT_OBJ_CHAN
						: i % 2 ? WEFT_OBJ_MUTEX
							: WEFT_OBJ_RWLOCK;
		random_text(one->payload + 1, n, false); /* behind an empty name */
		one->bytes = n + 2;
		if (is_chan) {
			repair(elements[i], one->payload + 1, n);
			one->want.elem = n ? elements[i] : NULL;
			one->tail.b = one->want.size = kinds_of_element[i - 1][1];
			one->tail.c = kinds_of_element[i - 1][0];
			one->want.cap = 0;
		}
		one->want.w = 0;
		write_made(one);
	}
}

static void make_record(int worker)
{
	int kind = (int)below(WEFT_EV_COUNT_);
	struct made *one;

	while (!weft__kinds[kind] && kind != WEFT_EV_STACK)
		kind = (int)below(WEFT_EV_COUNT_);
	one = begin_made((enum weft_ev)kind, worker);
	for (const struct row *row = rows; row < rows + ROWS; row++) {
		if (row->kind != kind || (row->types && !(row->types & BIT(one->rec.why))))
			continue;
		if (row->rule == PC || row->rule == PC_OF_STACK)
			draw_pc(one, row);
		else if (row->rule != TEXT && row->rule != OPT_TEXT)
			draw_number(one, row);
	}
	draw_texts(one);
	draw_others(one);
	draw_worker(one);
	write_made(one);
}

/* ---- What must be read ----------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
	const struct made *const *one = a, *const *two = b;

	if ((*one)->rec.t != (*two)->rec.t)
		return (*one)->rec.t < (*two)->rec.t ? -1 : 1;
	if ((*one)->worker != (*two)->worker)
		return (*one)->worker - (*two)->worker;
	return (*one)->number - (*two)->number;
}

/* Whom a lock was had from follows from the records before. */
static void expect_holders(struct made *const *order)
{
	struct {
		uint64_t holder, last;
	} locks[LOCKS] = {{0}};

	for (int i = 0; i < nmade; i++) {
		struct weft_record *want = &order[i]->want;
		size_t lock = want->on - CHANNELS - 1;

		if (want->kind == WEFT_EV_ACQUIRE && want->ok) {
			want->from = locks[lock].last;
			locks[lock].holder = want->mode == WEFT_MODE_READ ? 0 : want->co;
		} else if (want->kind == WEFT_EV_RELEASE) {
			uint64_t holder = locks[lock].holder ? locks[lock].holder : want->co;

			want->from = holder != want->co ? holder : 0;
			locks[lock].last = holder;
			locks[lock].holder = 0;
		}
	}
}

/* ---- What is read ---------------------------------------------------------------------------- */

struct reading {
	const char *layout;
	struct weft_reader *reader;
	struct place locs[LOCS_MAX]; /* by their numbers */
	size_t plain;		     /* values as the scanner gives them */
};

static void fail(const struct reading *reading, const struct made *one, const char *what)
{
	size_t len;
	const char *raw = weft_reader_raw(reading->reader, &len);

	test_fail(__FILE__, __LINE__,
		"WEFT_TEST_SEED=%" PRIu64 ", %s: %s number %d differs in %s: %.*s", given_seed,
		reading->layout, weft_ev_word(one->rec.kind), one->number, what, (int)len, raw);
}

static void say_finding(void *arg, const struct weft_finding *finding)
{
	const struct reading *reading = arg;

	test_fail(__FILE__, __LINE__, "WEFT_TEST_SEED=%" PRIu64 ", %s, line %" PRIu64 ": %s: %s",
		given_seed, reading->layout, finding->line, finding->rule, finding->text);
}

static void keep_loc(struct reading *reading, const struct weft_record *rec)
{
	struct place *loc;

	CHECK(rec->loc < LOCS_MAX);
	loc = &reading->locs[rec->loc];
	CHECK(!loc->known && (rec->file || rec->line_no < 0));
	*loc = (struct place){.known = true, .line = rec->file ? (int)rec->line_no : 0};
	snprintf(loc->fn, sizeof(loc->fn), "%s", rec->fn);
	snprintf(loc->file, sizeof(loc->file), "%s", rec->file ? rec->file : "");
}

static bool is_place(const struct reading *reading, uint64_t loc, const struct place *want)
{
	const struct place *got = &reading->locs[loc < LOCS_MAX ? loc : 0];

	if (!got->known || !want->known)
		return got->known == want->known;
	return strcmp(got->fn, want->fn) == 0 && strcmp(got->file, want->file) == 0 &&
	       (!got->file[0] || got->line == want->line);
}

static bool has_frames(
	const struct reading *reading, struct made *one, const struct weft_record *rec)
{
	struct made frame;

	if (rec->nids != one->want.nids)
		return false;
	for (uint32_t i = 0; i < rec->nids; i++) {
		expect_place(&frame, &places[one->ids[i] - 1]);
		if (!is_place(reading, rec->ids[i], &frame.at))
			return false;
	}
	return true;
}

static bool has_value(
	struct reading *reading, const struct made *one, const struct weft_record *rec)
{
	struct json_tokener *tokener = json_tokener_new_ex(WEFT_NEST_MAX);
	struct json_object *json = NULL;
	bool same;

	if (rec->plain) {
		reading->plain++;
		json = json_tokener_parse_ex(tokener, rec->plain, (int)rec->plain_len);
		if (!json && json_tokener_get_error(tokener) == json_tokener_continue)
			json = json_tokener_parse_ex(tokener, "", 1); /* a number may go on */
	}
	same = is_element(&one->sent, rec->plain ? json : rec->value);
	json_object_put(json);
	json_tokener_free(tokener);
	return same;
}

/* The field that the reader passes over stands in the text. */
static bool has_raw(const struct reading *reading, const struct made *one)
{
	char want[64], name[32];
	size_t len;
	const char *raw = weft_reader_raw(reading->reader, &len), *at;

	if (!one->raw)
		return true;
	snprintf(name, sizeof(name), "\"%s\":", one->raw);
	snprintf(want, sizeof(want), "%s%" PRId64, name, one->raw_number);
	if (one->raw_optional && one->raw_number == 0)
		return !memmem(raw, len, name, strlen(name));
	at = memmem(raw, len, want, strlen(want));
	return at && !(at[strlen(want)] >= '0' && at[strlen(want)] <= '9');
}

static void compare(struct reading *reading, struct made *one, const struct weft_record *rec)
{
	struct weft_record want = one->want;
	const char *what;

	if (rec->kind != want.kind)
		fail(reading, one, "kind");
	if (want.has_value != rec->has_value || (want.has_value && !has_value(reading, one, rec)))
		fail(reading, one, "value");
	if (!is_place(reading, rec->at, &one->at))
		fail(reading, one, "at");
	if (want.kind == WEFT_EV_STACK && !has_frames(reading, one, rec))
		fail(reading, one, "at");
	if (!has_raw(reading, one))
		fail(reading, one, one->raw);
	/* What was compared by what it means, and what the records before decide. */
	want.line = rec->line;
	want.index = rec->index;
	want.at = rec->at;
	want.value = rec->value;
	want.plain = rec->plain;
	want.plain_len = rec->plain_len;
	if (want.kind == WEFT_EV_STACK || want.nids == 0)
		want.ids = rec->ids;
	if (want.ncases == 0)
		want.cases = rec->cases;
	what = difference(&want, rec);
	if (what)
		fail(reading, one, what);
}

/* Reads a file of these records, in this order. Returns how many values came as plain text. */
static size_t read_all(
	const char *path, const char *layout, struct made *const *order, enum weft_eof_why why)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	struct weft_report report = {say_finding, reading};
	struct weft_trace_error error;
	struct weft_input input;
	struct weft_record rec;
	bool ended = false;
	size_t plain;
	int i = 0;

	reading->layout = layout;
	CHECK_INT(weft_input_open(&input, path, &error), 0);
	if (weft_reader_open(&input, &report, &reading->reader, &error) < 0)
		test_fail(__FILE__, __LINE__, "%s: %s", layout, error.text);
	while (weft_reader_next(reading->reader, &rec) > 0) {
		CHECK(!ended);
		if (rec.kind == WEFT_EV_LOC)
			keep_loc(reading, &rec);
		else if (rec.kind == WEFT_EV_EOF)
			ended = rec.why == why;
		if (rec.kind == WEFT_EV_LOC || rec.kind == WEFT_EV_EOF || rec.kind == WEFT_EV_TICK)
			continue;
		while (i < nmade && order[i]->rec.kind == WEFT_EV_STACK && !order[i]->want.nids)
			i++; /* none of its frames is known */
		CHECK(i < nmade);
		compare(reading, order[i++], &rec);
	}
	while (i < nmade && order[i]->rec.kind == WEFT_EV_STACK && !order[i]->want.nids)
		i++;
	CHECK_INT(i, nmade);
	CHECK(ended);
	plain = reading->plain;
	weft_reader_close(reading->reader);
	weft_input_close(&input);
	free(reading);
	return plain;
}

/* The same document, written by somebody else. */
static void write_pretty(const char *path, const char *pretty)
{
	struct json_object *json = json_object_from_file(path);

	CHECK(json);
	CHECK_INT(json_object_to_file_ext(pretty, json, JSON_C_TO_STRING_PRETTY), 0);
	json_object_put(json);
}

static void play(const char *folder, int workers)
{
	static char *argv[] = {"test", NULL};
	struct weft__rec_config config = {
		.argc = 1, .argv = argv, .workers = workers, .locator = &locator};
	enum weft_eof_why why = WEFT_EOF_STOP + (int)below(WEFT_EOF_COUNT - WEFT_EOF_STOP);
	struct made **order = calloc(RECORDS, sizeof(struct made *));
	char path[160], pretty[160];

	nmade = nstacks = 0;
	memset(object_last, 0, sizeof(object_last));
	make_places();
	weft__rec_test_skew = (int64_t)(below(2) ? below(3000) : below(300000));
	CHECK_INT(weft__rec_start(&config), 1);
	snprintf(path, sizeof(path), "%s", weft__rec.path);
	snprintf(pretty, sizeof(pretty), "%s/pretty.json", folder);
	make_objects();
	while (nmade < RECORDS)
		make_record((int)below((size_t)workers));
	weft__rec_stop(why);
	for (int i = 0; i < nmade; i++)
		order[i] = &made[i];
	qsort(order, (size_t)nmade, sizeof(struct made *), by_time);
	expect_holders(order);
	CHECK(read_all(path, "as it is", order, why) > 0);
	write_pretty(path, pretty);
	CHECK_INT(read_all(pretty, "pretty", order, why), 0);
	unlink(path);
	unlink(pretty);
	free(order);
}

TEST_LIMIT(random_records_are_read_as_they_were_written, 60)
{
	const char *given = getenv("WEFT_TEST_SEED");
	char folder[] = "/tmp/weft-roundtrip-XXXXXX", path[64];

	CHECK(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.json", folder);
	setenv("WEFT_TRACE", path, 1);
	unsetenv("WEFT_TRACE_BUFFER");
	unsetenv("WEFT_TRACE_EVENTS");
	unsetenv("WEFT_TRACE_MODE");
	unsetenv("WEFT_TRACE_VALUES");
	made = calloc(RECORDS, sizeof(*made));
	CHECK(made);
	given_seed = given ? strtoull(given, NULL, 10) : 1;
	for (int i = 0; i < SEEDS; i++, given_seed++) {
		random_state = given_seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
		play(folder, 1 + (int)(given_seed % WORKERS_MAX));
	}
	free(made);
	CHECK_INT(rmdir(folder), 0);
}

TEST_MAIN
