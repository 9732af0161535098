/* SPDX-License-Identifier: MIT
 *
 * The checker: is a trace sound? The rules E01-E29 and W01-W07 of docs/format.md, section 8, over
 * the records of a file in the order of time, keeping only what is alive.
 *
 * After a finding it takes the record at its word, so that one mistake gives one finding. Imported
 * traces go through the same rules; what an importer had to bend is reported as rule "import".
 */
#ifndef WEFT_TRACER_CHECK_H
#define WEFT_TRACER_CHECK_H

#include <stdint.h>

#include "tracer/trace/trace.h"

enum weft_severity {
	WEFT_ERROR,
	WEFT_WARNING,
};

/* One thing that is wrong. Strings are borrowed for the call that reports it. */
struct weft_finding {
	const char *rule; /* "E05", "W02", "import" */
	enum weft_severity severity;
	uint64_t line;	 /* of the file, from 1; 0: none */
	uint64_t record; /* number of the record, from 1; 0: none */
	const char *text;
};

typedef void (*weft_finding_fn)(void *arg, const struct weft_finding *finding);

/* Counts every finding, also those beyond the limit of what is reported one by one. */
struct weft_check_summary {
	uint64_t errors, warnings;
	uint64_t records;
	uint32_t threads;
};

/*
 * Checks a file of any known format (`format` as in weft_trace_load) and reports its findings in
 * the order of the file, those of its end last; at most 10,000, then one of rule "limit".
 * Returns 0 and fills in *ret, whatever was found; or a negative errno value and fills in *error:
 * the file is not a trace that this version reads. Then E01 has been reported if it is the reason.
 */
int weft_check(const char *path, const char *format, weft_finding_fn report, void *arg,
	struct weft_check_summary *ret, struct weft_trace_error *error);

#endif
