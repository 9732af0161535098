/* SPDX-License-Identifier: MIT
 *
 * Text to JSON, as strictly as the format wants it: json-c with what it lets through on top.
 */
#include "tracer/trace/decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "tracer/trace/scan.h"

struct weft_decoder *weft_decoder_create(const struct weft_report *report)
{
	struct weft_decoder *decoder = calloc(1, sizeof(*decoder));

	if (!decoder)
		return NULL;
	/* json-c counts the value inside the innermost level as one more. */
	decoder->tokener = json_tokener_new_ex(WEFT_NEST_MAX + 1);
	decoder->scanner = weft_scanner_create();
	if (!decoder->tokener || !decoder->scanner) {
		weft_decoder_free(decoder);
		return NULL;
	}
	json_tokener_set_flags(decoder->tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	decoder->report = report;
	return decoder;
}

void weft_decoder_set_minor(struct weft_decoder *decoder, int64_t minor)
{
	decoder->minor = minor;
}

void weft_decoder_free(struct weft_decoder *decoder)
{
	if (!decoder)
		return;
	json_object_put(decoder->json);
	if (decoder->tokener)
		json_tokener_free(decoder->tokener);
	weft_scanner_free(decoder->scanner);
	for (unsigned i = 0; i < decoder->nunknown; i++)
		free(decoder->unknown[i]);
	free(decoder->cases);
	free(decoder->ids);
	free(decoder);
}

/*
 * What json-c lets through even in strict mode: single quotes, NaN and Infinity, raw control
 * characters in strings, a point without digits, NUL in a string.
 */
static bool is_strict(const char *text, size_t len)
{
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (in_string) {
			if (c < 0x20)
				return false;
			if (c == '\\') {
				if (len - i > 5 && memcmp(text + i + 1, "u0000", 5) == 0)
					return false;
				i++;
			} else if (c == '"') {
				in_string = false;
			}
		} else if (c == '"') {
			in_string = true;
		} else if (c == '\'' || c == 'N' || c == 'I') {
			return false;
		} else if (c == '.' && (i + 1 >= len || text[i + 1] < '0' || text[i + 1] > '9')) {
			return false;
		}
	}
	return true;
}

enum weft_syntax weft_decoder_parse(
	struct weft_decoder *decoder, const char *text, size_t len, struct json_object **ret_json)
{
	struct json_tokener *tokener = decoder->tokener;
	struct json_object *json;
	enum json_tokener_error error;

	json_object_put(decoder->json);
	decoder->json = NULL;
	json_tokener_reset(tokener);
	errno = 0;
	json = json_tokener_parse_ex(tokener, text, (int)len);
	error = json_tokener_get_error(tokener);
	if (error == json_tokener_continue && len > 0) {
		/* A number at the end wants to see that it is over. */
		json = json_tokener_parse_ex(tokener, "\n", 1);
		error = json_tokener_get_error(tokener);
	}
	if (error == json_tokener_error_depth)
		return WEFT_SYNTAX_DEEP;
	if (error != json_tokener_success) {
		json_object_put(json);
		return errno == ENOMEM ? WEFT_SYNTAX_MEMORY : WEFT_SYNTAX_BAD;
	}
	decoder->json = json;
	if (!is_strict(text, len))
		return WEFT_SYNTAX_BAD;
	*ret_json = json;
	return WEFT_SYNTAX_OK;
}
