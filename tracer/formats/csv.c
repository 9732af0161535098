/* SPDX-License-Identifier: MIT
 *
 * The messages of a trace as CSV (RFC 4180): a head, then a row for each, in the order of sending.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/formats/rows.h"
#include "tracer/trace/csv.h"

struct csv {
	const struct weft_trace *trace;
	FILE *out;
	size_t messages; /* how many have been */
	size_t count;	 /* how many there will be */
};

static int put_value(FILE *f, const struct weft_record *rec)
{
	char *text = weft_value_full(rec);

	if (!text)
		return -ENOMEM;
	weft_csv_text(f, text);
	free(text);
	return 0;
}

static void put_time(FILE *f, int64_t t)
{
	if (t != WEFT_NO_TIME)
		fprintf(f, "%" PRId64, t);
}

static void put_thread(FILE *f, const struct weft_trace *trace, uint32_t i)
{
	if (i != WEFT_NO_INDEX)
		fprintf(f, "%" PRIu64, trace->threads[i].id);
	fputc(',', f);
	if (i != WEFT_NO_INDEX)
		weft_csv_text(f, trace->threads[i].name);
	fputc(',', f);
}

static int take(void *arg, const struct weft_record *rec)
{
	struct csv *csv = arg;
	const struct weft_message *m;
	const struct weft_object *o;
	FILE *f = csv->out;
	int rc = 0;

	if (rec->kind != WEFT_EV_SEND || csv->messages == csv->count)
		return 0;
	m = &csv->trace->messages[csv->messages++];
	o = &csv->trace->objects[m->obj];
	fprintf(f, "%" PRIu64 ",%" PRIu64 ",", m->id, o->id);
	weft_csv_text(f, o->name);
	fputc(',', f);
	put_thread(f, csv->trace, m->from);
	put_thread(f, csv->trace, m->to);
	put_time(f, m->send_ns);
	fputc(',', f);
	put_time(f, m->recv_ns);
	fputc(',', f);
	if (m->recv_ns != WEFT_NO_TIME)
		fprintf(f, "%" PRId64, m->recv_ns - m->send_ns);
	fprintf(f, ",%s,%s,", weft_via_word(m->via),
		m->recv_ns != WEFT_NO_TIME     ? "received"
		: m->unsend_ns != WEFT_NO_TIME ? "withdrawn"
					       : "pending");
	if (rec->has_value)
		rc = put_value(f, rec);
	fputs("\r\n", f);
	return rc;
}

static int write_csv(const struct weft_writing *writing, struct weft_trace_error *error)
{
	struct csv csv = {writing->trace, writing->out, 0, writing->trace->nmessages};
	struct weft_tap tap = {&csv, NULL, take, NULL};

	if (writing->limit && writing->limit < csv.count)
		csv.count = writing->limit;
	fputs("message,channel_id,channel,sender_id,sender,receiver_id,receiver,sent_ns,"
	      "received_ns,transit_ns,via,state,value\r\n",
		csv.out);
	return weft_source_read(writing->source, &tap, error);
}

const struct weft_format weft_format_csv = {
	.name = "csv",
	.suffixes = "csv",
	.has_limit = true,
	.summary = "a table of the messages",
	.write = write_csv,
};
