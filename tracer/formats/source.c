/* SPDX-License-Identifier: MIT
 *
 * Reading a trace again. See source.h.
 */
#include "tracer/formats/source.h"

#include <errno.h>
#include <string.h>

#include "tracer/formats/formats.h"
#include "tracer/trace/checker.h"
#include "tracer/trace/feed.h"

int weft_source_open(struct weft_source *source, const char *path, const char *format,
	struct weft_trace_error *error)
{
	bool is_stdin = strcmp(path, "-") == 0;

	*source = (struct weft_source){
		.name = is_stdin ? "standard input" : path,
		.format = format,
	};
	return weft_input_open(&source->input, is_stdin ? "/dev/stdin" : path, error);
}

void weft_source_close(struct weft_source *source)
{
	weft_input_close(&source->input);
}

int weft_source_load(
	struct weft_source *source, struct weft_trace **ret_trace, struct weft_trace_error *error)
{
	int rc = weft_trace_load_input(
		&source->input, source->name, source->format, ret_trace, error);

	if (rc == 0)
		source->records = (*ret_trace)->records;
	return rc;
}

/* ---- Records --------------------------------------------------------------------------------- */

/* One reading. The checker is there for files in order "worker": it knows what can come next. */
struct reading {
	const struct weft_source *source;
	const struct weft_tap *tap;
	struct weft_checker *checker;
	int64_t t;
	bool by_worker;
};

static int on_header(void *arg, const struct weft_header *header)
{
	struct reading *reading = arg;
	int rc = weft_checker_header(reading->checker, header);

	reading->by_worker = header->by_worker;
	if (rc == 0 && reading->tap->header)
		rc = reading->tap->header(reading->tap->arg, header);
	return rc;
}

static int on_arrive(void *arg, const struct weft_record *rec)
{
	struct reading *reading = arg;

	return reading->tap->finding ? weft_checker_arrive(reading->checker, rec) : 0;
}

static int on_record(void *arg, const struct weft_record *rec)
{
	struct reading *reading = arg;
	struct weft_record now;
	bool checked = reading->by_worker || reading->tap->finding;
	int rc = checked ? weft_checker_record(reading->checker, rec) : 0;

	if (rc < 0)
		return rc;
	if (reading->source->stop && *reading->source->stop)
		return -ECANCELED;
	if (reading->source->records && rec->index > reading->source->records)
		return 0;
	if (rec->t >= reading->t) {
		reading->t = rec->t;
		return reading->tap->record(reading->tap->arg, rec);
	}
	now = *rec;
	now.t = reading->t;
	return reading->tap->record(reading->tap->arg, &now);
}

static bool on_can_be(void *arg, const struct weft_record *rec)
{
	struct reading *reading = arg;

	return weft_checker_can_be(reading->checker, rec);
}

static int report(struct reading *reading, struct weft_trace_error *error)
{
	struct weft_check_summary summary;
	int rc = weft_checker_finish(
		reading->checker, reading->tap->finding, reading->tap->arg, &summary);

	return rc < 0 ? weft_refuse(error, rc, 0, "%s", strerror(-rc)) : 0;
}

int weft_source_read(
	struct weft_source *source, const struct weft_tap *tap, struct weft_trace_error *error)
{
	struct reading reading = {source, tap, weft_checker_create(), 0, false};
	struct weft_sink sink = {
		.arg = &reading,
		.header = on_header,
		.arrive = on_arrive,
		.record = on_record,
		.can_be = on_can_be,
	};
	int rc;

	if (!reading.checker)
		return weft_refuse(error, -ENOMEM, 0, "%s", strerror(ENOMEM));
	sink.report = weft_checker_report(reading.checker);
	rc = weft_formats_read_input(&source->input, source->format, &sink, error);
	if (rc == 0 && tap->finding)
		rc = report(&reading, error);
	weft_checker_free(reading.checker);
	return rc;
}
