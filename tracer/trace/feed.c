/* SPDX-License-Identifier: MIT
 *
 * Any format -> records -> checker and consumer, in one pass.
 */
#include "tracer/trace/feed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tracer/formats/formats.h"
#include "tracer/trace/checker.h"

struct feed {
	const struct weft_consumer *consumer;
	struct weft_checker *checker;
	struct weft_fed fed;
};

static void on_finding(void *arg, const struct weft_finding *finding)
{
	struct weft_fed *fed = arg;
	bool cut = strcmp(finding->rule, "W01") == 0 || strcmp(finding->rule, "W02") == 0;
	bool wrong = finding->severity == WEFT_ERROR || cut || finding->rule[0] == 'i';

	fed->cut |= cut;
	if (!wrong || fed->first[0])
		return;
	if (finding->line)
		snprintf(fed->first, sizeof(fed->first), "line %llu: %s: %s",
			(unsigned long long)finding->line, finding->rule, finding->text);
	else
		snprintf(fed->first, sizeof(fed->first), "%s: %s", finding->rule, finding->text);
}

static int on_header(void *arg, const struct weft_header *header)
{
	struct feed *feed = arg;
	int rc = weft_checker_header(feed->checker, header);

	return rc < 0 ? rc : feed->consumer->header(feed->consumer->arg, header);
}

static int on_arrive(void *arg, const struct weft_record *rec)
{
	struct feed *feed = arg;

	return weft_checker_arrive(feed->checker, rec);
}

static int on_record(void *arg, const struct weft_record *rec)
{
	struct feed *feed = arg;
	int rc = weft_checker_record(feed->checker, rec);

	return rc < 0 ? rc : feed->consumer->record(feed->consumer->arg, rec);
}

static bool on_can_be(void *arg, const struct weft_record *rec)
{
	struct feed *feed = arg;

	return weft_checker_can_be(feed->checker, rec);
}

static uint32_t clamp(uint64_t n)
{
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static int finish(struct feed *feed)
{
	struct weft_check_summary summary;
	struct weft_fed *fed = &feed->fed;
	int rc = weft_checker_finish(feed->checker, on_finding, fed, &summary);

	if (rc < 0)
		return rc;
	fed->records = summary.records;
	fed->nerrors = clamp(summary.errors);
	fed->nwarnings = clamp(summary.warnings);
	if (fed->first[0])
		snprintf(fed->warning, sizeof(fed->warning),
			"%u error%s, %u warning%s; the first: %s", fed->nerrors,
			fed->nerrors == 1 ? "" : "s", fed->nwarnings,
			fed->nwarnings == 1 ? "" : "s", fed->first);
	return 0;
}

int weft_feed(struct weft_input *input, const char *format, const struct weft_consumer *consumer,
	struct weft_fed *ret_fed, struct weft_trace_error *error)
{
	struct feed feed = {.consumer = consumer, .checker = weft_checker_create()};
	struct weft_sink sink = {
		.arg = &feed,
		.header = on_header,
		.arrive = on_arrive,
		.record = on_record,
		.can_be = on_can_be,
	};
	int rc;

	if (!feed.checker)
		return weft_refuse(error, -ENOMEM, 0, "%s", strerror(ENOMEM));
	sink.report = weft_checker_report(feed.checker);
	rc = weft_formats_read_input(input, format, &sink, error);
	if (rc == 0) {
		rc = finish(&feed);
		if (rc < 0)
			weft_refuse(error, rc, 0, "%s", strerror(-rc));
	}
	if (rc == 0)
		*ret_fed = feed.fed;
	weft_checker_free(feed.checker);
	return rc;
}

int weft_feed_refuse_empty(const struct weft_fed *fed, struct weft_trace_error *error)
{
	return weft_refuse(error, -EPROTO, 0, "not a usable trace: no thread in it%s%s",
		fed->first[0] ? "; " : "", fed->first);
}
