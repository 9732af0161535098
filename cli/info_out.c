/* SPDX-License-Identifier: MIT
 *
 * Fields of a row, as JSON or as CSV (RFC 4180, but with \n at the end of a line).
 */
#include <inttypes.h>

#include "cli/cli.h"
#include "cli/info.h"
#include "tracer/trace/csv.h"
#include "tracer/trace/json.h"

void info_out_key(struct info_out *out, const char *key)
{
	if (!out->first)
		putchar(',');
	out->first = false;
	if (out->form == INFO_JSON)
		printf("\"%s\":", key);
	else if (out->form == INFO_CSV_HEAD)
		fputs(key, stdout);
}

void info_out_text(struct info_out *out, const char *key, const char *value)
{
	info_out_key(out, key);
	if (out->form == INFO_JSON)
		weft_json_string(stdout, value);
	else if (out->form == INFO_CSV && value)
		weft_csv_text(stdout, value);
}

void info_out_int(struct info_out *out, const char *key, int64_t value)
{
	info_out_key(out, key);
	if (out->form != INFO_CSV_HEAD)
		printf("%" PRId64, value);
}

void info_out_real(struct info_out *out, const char *key, double value)
{
	info_out_key(out, key);
	if (out->form != INFO_CSV_HEAD)
		printf("%.6g", value);
}

void info_out_bool(struct info_out *out, const char *key, bool value)
{
	info_out_key(out, key);
	if (out->form != INFO_CSV_HEAD)
		fputs(value ? "true" : "false", stdout);
}

void info_out_null(struct info_out *out, const char *key)
{
	info_out_key(out, key);
	if (out->form == INFO_JSON)
		fputs("null", stdout);
}

void info_out_time(struct info_out *out, const char *key, int64_t t_ns)
{
	if (t_ns == WEFT_NO_TIME)
		info_out_null(out, key);
	else
		info_out_int(out, key, t_ns);
}

void info_out_histogram(
	struct info_out *out, const char *prefix, const struct weft_histogram *histogram)
{
	const struct {
		const char *name;
		int64_t ns;
	} times[] = {
		{"p50", weft_histogram_quantile(histogram, 0.5)},
		{"p90", weft_histogram_quantile(histogram, 0.9)},
		{"p99", weft_histogram_quantile(histogram, 0.99)},
		{"max", histogram->max_ns},
		{"mean", weft_histogram_mean(histogram)},
	};
	char key[64];

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		snprintf(key, sizeof(key), "%s_%s_ns", prefix, times[i].name);
		info_out_time(out, key, histogram->count ? times[i].ns : WEFT_NO_TIME);
	}
}
