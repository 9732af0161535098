/* SPDX-License-Identifier: MIT
 *
 * Loading a trace: the records of a file into the builder.
 */
#include "tracer/trace/trace.h"

#include <errno.h>
#include <string.h>

#include "tracer/trace/feed.h"
#include "tracer/trace/model.h"

static int on_header(void *arg, const struct weft_header *header)
{
	return weft_builder_header(arg, header);
}

static int on_record(void *arg, const struct weft_record *rec)
{
	return weft_builder_record(arg, rec);
}

static int finish(struct weft_builder *builder, const struct weft_fed *fed, const char *path,
	struct weft_trace **ret_trace, struct weft_trace_error *error)
{
	struct weft_trace *trace = NULL;
	int rc = weft_builder_finish(builder, path, &trace);

	if (rc == 0) {
		trace->nerrors = fed->nerrors;
		trace->nwarnings = fed->nwarnings;
		trace->records = fed->records;
		trace->complete &= !fed->cut;
		trace->warning = strdup(fed->warning);
		rc = trace->warning ? 0 : -ENOMEM;
	}
	if (rc < 0)
		weft_refuse(error, rc, 0, "%s", strerror(-rc));
	else if (trace->nthreads == 0)
		rc = weft_feed_refuse_empty(fed, error);
	if (rc < 0)
		weft_trace_free(trace);
	else
		*ret_trace = trace;
	return rc;
}

int weft_trace_load_input(struct weft_input *input, const char *name, const char *format,
	struct weft_trace **ret_trace, struct weft_trace_error *error)
{
	struct weft_builder *builder = weft_builder_create();
	struct weft_consumer consumer = {builder, on_header, on_record};
	struct weft_fed fed;
	int rc;

	if (!builder)
		return weft_refuse(error, -ENOMEM, 0, "%s", strerror(ENOMEM));
	rc = weft_feed(input, format, &consumer, &fed, error);
	if (rc == 0)
		rc = finish(builder, &fed, name, ret_trace, error);
	weft_builder_free(builder);
	return rc;
}

int weft_trace_load(const char *path, const char *format, struct weft_trace **ret_trace,
	struct weft_trace_error *error)
{
	struct weft_input input;
	int rc = weft_input_open(&input, path, error);

	if (rc < 0)
		return rc;
	rc = weft_trace_load_input(&input, path, format, ret_trace, error);
	weft_input_close(&input);
	return rc;
}
