/* SPDX-License-Identifier: MIT
 *
 * The native format: records as they stand in the file, merged by time where the file is ordered by
 * worker.
 */
#include <errno.h>
#include <string.h>

#include "tracer/formats/rows.h"
#include "tracer/trace/merge.h"

/* Only a hint: what this does not recognise may still be a trace whose `weft` stands last. */
static bool probe(const char *data, size_t len)
{
	while (len > 0 && strchr(" \t\r\n", data[0]) && data[0]) {
		data++;
		len--;
	}
	if (len == 0 || data[0] != '{')
		return false;
	for (data++, len--; len > 0 && strchr(" \t\r\n", data[0]) && data[0]; data++)
		len--;
	return len >= 6 && memcmp(data, "\"weft\"", 6) == 0;
}

static int read_in_order(struct weft_reader *reader, const struct weft_sink *sink)
{
	struct weft_record rec;
	int rc;

	while ((rc = weft_reader_next(reader, &rec)) > 0) {
		rc = sink->arrive(sink->arg, &rec);
		if (rc == 0)
			rc = sink->record(sink->arg, &rec);
		if (rc < 0)
			break;
	}
	return rc;
}

static int read_native(struct weft_input *input, const char *option, const struct weft_sink *sink,
	struct weft_trace_error *error)
{
	struct weft_reader *reader;
	int rc;

	if (option)
		return weft_refuse(
			error, -EINVAL, 0, "the native format has no option \"%.60s\"", option);
	rc = weft_reader_open(input, &sink->report, &reader, error);
	if (rc < 0)
		return rc;
	rc = sink->header(sink->arg, weft_reader_header(reader));
	if (rc == 0 && weft_reader_header(reader)->by_worker)
		rc = weft_merge(reader, sink);
	else if (rc == 0)
		rc = read_in_order(reader, sink);
	weft_reader_close(reader);
	if (rc < 0)
		return weft_refuse(error, rc, 0, "%s", weft_input_reason(input, rc));
	return 0;
}

const struct weft_format weft_format_native = {
	.name = "weft",
	.suffixes = "json",
	.probe = probe,
	.read = read_native,
};
