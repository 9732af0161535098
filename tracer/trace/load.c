/* SPDX-License-Identifier: MIT
 *
 * Loading a trace: any format -> records -> checker and builder, in one pass.
 */
#include "tracer/trace/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/formats/formats.h"
#include "tracer/trace/model.h"

/* What is built and found while a file is read. */
struct loader {
	struct weft_builder *builder;
	uint64_t records;
	uint32_t errors, warnings;
	bool cut;
	char first[320]; /* the first finding that says that the file is wrong */
};

static void on_finding(void *arg, const struct weft_finding *finding)
{
	struct loader *loader = arg;
	bool cut = strcmp(finding->rule, "W01") == 0 || strcmp(finding->rule, "W02") == 0;
	bool wrong = finding->severity == WEFT_ERROR || cut || finding->rule[0] == 'i';

	if (finding->severity == WEFT_ERROR)
		loader->errors++;
	else
		loader->warnings++;
	loader->cut |= cut;
	if (!wrong || loader->first[0])
		return;
	if (finding->line)
		snprintf(loader->first, sizeof(loader->first), "line %llu: %s: %s",
			(unsigned long long)finding->line, finding->rule, finding->text);
	else
		snprintf(loader->first, sizeof(loader->first), "%s: %s", finding->rule,
			finding->text);
}

static int on_header(void *arg, const struct weft_header *header)
{
	struct loader *loader = arg;

	return weft_builder_header(loader->builder, header);
}

static int on_arrive(void *arg, const struct weft_record *rec)
{
	struct loader *loader = arg;

	loader->records = rec->index;
	return 0;
}

static int on_record(void *arg, const struct weft_record *rec)
{
	struct loader *loader = arg;

	return weft_builder_record(loader->builder, rec);
}

static bool on_can_be(void *arg, const struct weft_record *rec)
{
	return true;
}

static int set_warning(struct weft_trace *trace, const struct loader *loader)
{
	char text[400] = "";

	if (loader->first[0])
		snprintf(text, sizeof(text), "%u error%s, %u warning%s; the first: %s",
			loader->errors, loader->errors == 1 ? "" : "s", loader->warnings,
			loader->warnings == 1 ? "" : "s", loader->first);
	trace->warning = strdup(text);
	trace->nerrors = loader->errors;
	trace->nwarnings = loader->warnings;
	trace->records = loader->records;
	trace->complete &= !loader->cut;
	return trace->warning ? 0 : -ENOMEM;
}

int weft_trace_load(const char *path, const char *format, struct weft_trace **ret_trace,
	struct weft_trace_error *error)
{
	struct loader loader = {.builder = weft_builder_create()};
	struct weft_sink sink = {
		.arg = &loader,
		.report = {on_finding, &loader},
		.header = on_header,
		.arrive = on_arrive,
		.record = on_record,
		.can_be = on_can_be,
	};
	struct weft_trace *trace = NULL;
	int rc;

	if (!loader.builder)
		return weft_refuse(error, -ENOMEM, 0, "%s", strerror(ENOMEM));
	rc = weft_formats_read(path, format, &sink, error);
	if (rc == 0) {
		rc = weft_builder_finish(loader.builder, path, &trace);
		if (rc == 0)
			rc = set_warning(trace, &loader);
		if (rc < 0)
			weft_refuse(error, rc, 0, "%s", strerror(-rc));
	}
	weft_builder_free(loader.builder);
	if (rc == 0 && trace->nthreads == 0)
		rc = weft_refuse(error, -EPROTO, 0, "not a usable trace: no thread in it%s%s",
			loader.first[0] ? "; " : "", loader.first);
	if (rc < 0) {
		weft_trace_free(trace);
		return rc;
	}
	*ret_trace = trace;
	return 0;
}
