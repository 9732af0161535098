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
#include "tracer/trace/checker.h"
#include "tracer/trace/model.h"

/* What is built and found while a file is read. */
struct loader {
	struct weft_builder *builder;
	struct weft_checker *checker;
	bool cut;
	char first[320]; /* the first finding that says that the file is wrong */
};

static void on_finding(void *arg, const struct weft_finding *finding)
{
	struct loader *loader = arg;
	bool cut = strcmp(finding->rule, "W01") == 0 || strcmp(finding->rule, "W02") == 0;
	bool wrong = finding->severity == WEFT_ERROR || cut || finding->rule[0] == 'i';

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
	int rc = weft_checker_header(loader->checker, header);

	return rc < 0 ? rc : weft_builder_header(loader->builder, header);
}

static int on_arrive(void *arg, const struct weft_record *rec)
{
	struct loader *loader = arg;

	return weft_checker_arrive(loader->checker, rec);
}

static int on_record(void *arg, const struct weft_record *rec)
{
	struct loader *loader = arg;
	int rc = weft_checker_record(loader->checker, rec);

	return rc < 0 ? rc : weft_builder_record(loader->builder, rec);
}

static bool on_can_be(void *arg, const struct weft_record *rec)
{
	struct loader *loader = arg;

	return weft_checker_can_be(loader->checker, rec);
}

static uint32_t clamp(uint64_t n)
{
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static int set_warning(struct weft_trace *trace, const struct loader *loader,
	const struct weft_check_summary *summary)
{
	char text[400] = "";

	trace->nerrors = clamp(summary->errors);
	trace->nwarnings = clamp(summary->warnings);
	trace->records = summary->records;
	trace->complete &= !loader->cut;
	if (loader->first[0])
		snprintf(text, sizeof(text), "%u error%s, %u warning%s; the first: %s",
			trace->nerrors, trace->nerrors == 1 ? "" : "s", trace->nwarnings,
			trace->nwarnings == 1 ? "" : "s", loader->first);
	trace->warning = strdup(text);
	return trace->warning ? 0 : -ENOMEM;
}

static int finish(struct loader *loader, const char *path, struct weft_trace **ret_trace,
	struct weft_trace_error *error)
{
	struct weft_check_summary summary;
	struct weft_trace *trace = NULL;
	int rc = weft_checker_finish(loader->checker, on_finding, loader, &summary);

	if (rc == 0)
		rc = weft_builder_finish(loader->builder, path, &trace);
	if (rc == 0)
		rc = set_warning(trace, loader, &summary);
	if (rc < 0)
		weft_refuse(error, rc, 0, "%s", strerror(-rc));
	else if (trace->nthreads == 0)
		rc = weft_refuse(error, -EPROTO, 0, "not a usable trace: no thread in it%s%s",
			loader->first[0] ? "; " : "", loader->first);
	if (rc < 0)
		weft_trace_free(trace);
	else
		*ret_trace = trace;
	return rc;
}

int weft_trace_load(const char *path, const char *format, struct weft_trace **ret_trace,
	struct weft_trace_error *error)
{
	struct loader loader = {weft_builder_create(), weft_checker_create(), false, ""};
	struct weft_sink sink = {
		.arg = &loader,
		.header = on_header,
		.arrive = on_arrive,
		.record = on_record,
		.can_be = on_can_be,
	};
	int rc;

	if (loader.builder && loader.checker) {
		sink.report = weft_checker_report(loader.checker);
		rc = weft_formats_read(path, format, &sink, error);
		if (rc == 0)
			rc = finish(&loader, path, ret_trace, error);
	} else {
		rc = weft_refuse(error, -ENOMEM, 0, "%s", strerror(ENOMEM));
	}
	weft_builder_free(loader.builder);
	weft_checker_free(loader.checker);
	return rc;
}
