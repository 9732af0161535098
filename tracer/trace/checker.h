/* SPDX-License-Identifier: MIT
 *
 * The checker as a machine: records in, findings out. weft_check and weft_trace_load drive it.
 */
#ifndef WEFT_TRACER_TRACE_CHECKER_H
#define WEFT_TRACER_TRACE_CHECKER_H

#include "tracer/trace/record.h"

struct weft_checker;

struct weft_checker *weft_checker_create(void);
void weft_checker_free(struct weft_checker *ck);

/* Where readers put their own findings, so that all come out in one order. */
struct weft_report weft_checker_report(struct weft_checker *ck);

/* Return 0 or -ENOMEM. */
int weft_checker_header(struct weft_checker *ck, const struct weft_header *header);
int weft_checker_arrive(struct weft_checker *ck, const struct weft_record *rec);
int weft_checker_record(struct weft_checker *ck, const struct weft_record *rec);

/* Whether a record can come next: no effect follows its cause. */
bool weft_checker_can_be(const struct weft_checker *ck, const struct weft_record *rec);

/* Ends the trace: what is still alive, and then all findings, in the order of the file. */
int weft_checker_finish(
	struct weft_checker *ck, weft_finding_fn report, void *arg, struct weft_check_summary *ret);

#endif
