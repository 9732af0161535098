/* SPDX-License-Identifier: MIT
 *
 * Where readers and importers put what they read: one header, then the records. The checker and the
 * model sit behind it, and know nothing of files.
 */
#ifndef WEFT_TRACER_TRACE_SINK_H
#define WEFT_TRACER_TRACE_SINK_H

#include "tracer/trace/record.h"

/* Functions return 0, or a negative errno value that ends the reading (-ENOMEM). */
struct weft_sink {
	void *arg;
	struct weft_report report; /* findings of the reader */
	int (*header)(void *arg, const struct weft_header *header);

	/* Every record as it stands in the file, and again when its turn in time has come. */
	int (*arrive)(void *arg, const struct weft_record *rec);
	int (*record)(void *arg, const struct weft_record *rec);

	/* Whether this record can be the next one: for the merge of order "worker". */
	bool (*can_be)(void *arg, const struct weft_record *rec);
};

#endif
