/* SPDX-License-Identifier: MIT
 *
 * Strings and values as JSON. See json.h.
 */
#include "tracer/trace/json.h"

#include <stdbool.h>
#include <string.h>

#include <json-c/json.h>

void weft_json_string(FILE *f, const char *text)
{
	if (!text) {
		fputs("null", f);
		return;
	}
	fputc('"', f);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(f, "\\u%04x", c);
		else if (c == 0xc2 && (unsigned char)text[1] >= 0x80 && (unsigned char)text[1] < 0xa0)
			fprintf(f, "\\u%04x", (unsigned char)*++text); /* C1: drives terminals */
		else
			fputc(c, f);
	}
	fputc('"', f);
}

void weft_json_value(FILE *f, struct json_object *value)
{
	const char *text = json_object_to_json_string_ext(
		value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	fputs(text ? text : "null", f);
}

void weft_json_compact(FILE *f, const char *text, size_t len)
{
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		if (!in_string && strchr(" \t\r\n", text[i]) && text[i])
			continue;
		if (text[i] == '"')
			in_string = !in_string;
		fputc(text[i], f);
		if (in_string && text[i] == '\\' && i + 1 < len)
			fputc(text[++i], f);
	}
}
