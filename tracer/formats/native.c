/* SPDX-License-Identifier: MIT
 *
 * The native format: records as they stand in the file, merged by time where the file is ordered by
 * worker.
 */
#include <errno.h>
#include <string.h>

#include "tracer/formats/rows.h"
#include "tracer/trace/encode.h"
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
		rec.raw = weft_reader_raw(reader, &rec.raw_len);
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

/* ---- Writing --------------------------------------------------------------------------------- */

/* The records go on as they stand; only their order and the count at the end are new. */
struct rewriting {
	FILE *out;
	int64_t count;
};

static int put_header(void *arg, const struct weft_header *header)
{
	struct rewriting *rewriting = arg;

	weft_encode_header(rewriting->out, header);
	return 0;
}

static int put_record(void *arg, const struct weft_record *rec)
{
	struct rewriting *rewriting = arg;
	struct weft_record end;

	fputs(rewriting->count ? ",\n" : "\n", rewriting->out);
	if (rec->kind == WEFT_EV_EOF) {
		end = *rec;
		end.n = rewriting->count;
		weft_encode_fields(rewriting->out, &end);
	} else {
		weft_encode(rewriting->out, rec);
	}
	rewriting->count++;
	return 0;
}

static int write_native(const struct weft_writing *writing, struct weft_trace_error *error)
{
	struct rewriting rewriting = {writing->out, 0};
	struct weft_tap tap = {&rewriting, put_header, put_record, NULL};
	int rc = weft_source_read(writing->source, &tap, error);

	fputs("\n]}\n", writing->out);
	return rc;
}

const struct weft_format weft_format_native = {
	.name = "weft",
	.suffixes = "weft.json json",
	.summary = "weft's own JSON, in the order of time",
	.probe = probe,
	.read = read_native,
	.write = write_native,
};
