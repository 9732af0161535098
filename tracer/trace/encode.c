/* SPDX-License-Identifier: MIT
 *
 * Records as text. See encode.h.
 */
#include "tracer/trace/encode.h"

#include <inttypes.h>
#include <string.h>

#include <json-c/json.h>

#include "tracer/trace/fields.h"
#include "tracer/trace/json.h"

/* ---- Records --------------------------------------------------------------------------------- */

static void put_cases(FILE *f, const struct weft_record *rec)
{
	for (uint32_t i = 0; i < rec->ncases; i++)
		fprintf(f, "%s{\"on\":%" PRIu64 ",\"dir\":\"%s\"}", i ? "," : "", rec->cases[i].on,
			rec->cases[i].dir == WEFT_DIR_SEND ? "send" : "recv");
}

static void put_ids(FILE *f, const struct weft_record *rec)
{
	for (uint32_t i = 0; i < rec->nids; i++)
		fprintf(f, "%s%" PRIu64, i ? "," : "", rec->ids[i]);
}

static void put_pick(FILE *f, int64_t pick)
{
	static const char *const words[] = {"default", "timeout", "cancel"};

	if (pick >= 0)
		fprintf(f, "%" PRId64, pick);
	else
		fprintf(f, "\"%s\"", words[WEFT_PICK_DEFAULT - pick]);
}

/* Whether a record of this kind has the field, by what stands for "absent" in its type. */
static bool is_there(const struct weft_record *rec, const struct weft_field *field)
{
	const char *at = (const char *)rec + field->offset;

	if (!field->offset)
		return false;
	if (field->has)
		return *(const bool *)((const char *)rec + field->has);
	switch (field->type) {
	case WEFT_FIELD_TIME:
	case WEFT_FIELD_COUNT:
		return *(const int64_t *)at >= 0;
	case WEFT_FIELD_ID:
		return *(const uint64_t *)at > 0;
	case WEFT_FIELD_WORKER:
		return *(const int32_t *)at >= 0;
	case WEFT_FIELD_STRING:
		return *(const char *const *)at;
	case WEFT_FIELD_OBJECT:
		return *(struct json_object *const *)at;
	case WEFT_FIELD_BOOL: /* of all flags only `ok` is true where it is absent */
		return *(const bool *)at != (field->offset == offsetof(struct weft_record, ok));
	case WEFT_FIELD_AT:
		return rec->at || rec->at_text;
	case WEFT_FIELD_CASES:
		return rec->cases;
	case WEFT_FIELD_WORD:
		return field->words[*(const uint8_t *)at][0];
	default:
		return true;
	}
}

void weft_encode_value(FILE *f, const struct weft_record *rec)
{
	if (rec->plain)
		fwrite(rec->plain, 1, rec->plain_len, f);
	else
		weft_json_value(f, rec->value);
}

static void put_field(FILE *f, const struct weft_record *rec, const struct weft_field *field)
{
	const char *at = (const char *)rec + field->offset;

	fprintf(f, ",\"%s\":", field->name);
	switch (field->type) {
	case WEFT_FIELD_WORKER:
		fprintf(f, "%" PRId32, *(const int32_t *)at);
		break;
	case WEFT_FIELD_STRING:
		weft_json_string(f, *(const char *const *)at);
		break;
	case WEFT_FIELD_BOOL:
		fputs(*(const bool *)at ? "true" : "false", f);
		break;
	case WEFT_FIELD_AT:
		if (rec->at_text)
			weft_json_string(f, rec->at_text);
		else
			fprintf(f, "%" PRIu64, rec->at);
		break;
	case WEFT_FIELD_VALUE:
	case WEFT_FIELD_NUMBER:
		weft_encode_value(f, rec);
		break;
	case WEFT_FIELD_OBJECT:
		weft_json_value(f, *(struct json_object *const *)at);
		break;
	case WEFT_FIELD_CASES:
		fputc('[', f);
		put_cases(f, rec);
		fputc(']', f);
		break;
	case WEFT_FIELD_IDS:
		fputc('[', f);
		put_ids(f, rec);
		fputc(']', f);
		break;
	case WEFT_FIELD_PICK:
		put_pick(f, rec->pick);
		break;
	case WEFT_FIELD_WORD:
		weft_json_string(f, field->words[*(const uint8_t *)at]);
		break;
	default:
		fprintf(f, "%" PRId64, *(const int64_t *)at);
	}
}

static bool is_first(const struct weft_field *field)
{
	return strcmp(field->name, "t") == 0 || strcmp(field->name, "w") == 0 ||
	       strcmp(field->name, "co") == 0;
}

void weft_encode_fields(FILE *f, const struct weft_record *rec)
{
	const char *word = weft_ev_word(rec->kind);
	const struct weft_field *fields;
	unsigned kind;

	fprintf(f, "{\"ev\":\"%s\"", word);
	fields = weft_fields(word, &kind);
	for (int first = 1; fields && first >= 0; first--) {
		for (const struct weft_field *field = fields; field->name; field++) {
			if (is_first(field) == first && is_there(rec, field))
				put_field(f, rec, field);
		}
	}
	fputs(rec->extra ? rec->extra : "", f);
	fputc('}', f);
}

void weft_encode(FILE *f, const struct weft_record *rec)
{
	if (rec->raw)
		weft_json_compact(f, rec->raw, rec->raw_len);
	else
		weft_encode_fields(f, rec);
}

/* ---- The header ------------------------------------------------------------------------------ */

static void put_read_header(FILE *f, struct json_object *json)
{
	json_object_object_foreach(json, key, child)
	{
		if (strcmp(key, "weft") == 0 || strcmp(key, "events") == 0)
			continue;
		fputc(',', f);
		weft_json_string(f, key);
		fputc(':', f);
		if (strcmp(key, "order") == 0)
			fputs("\"time\"", f);
		else
			weft_json_value(f, child);
	}
}

static void put_made_header(FILE *f, const struct weft_header *header)
{
#define X(c, word) word,
	static const char *const caps[] = {WEFT_CAP_LIST(X)};
#undef X
	const char *sep = "";

	fprintf(f,
		",\"minor\":%d,\"order\":\"time\",\"unit\":\"ns\",\"clock\":", WEFT_FORMAT_MINOR);
	weft_json_string(f, header->clock);
	if (header->title) {
		fputs(",\"title\":", f);
		weft_json_string(f, header->title);
	}
	if (header->has_id) {
		fputs(",\"id\":\"", f);
		for (size_t i = 0; i < sizeof(header->id); i++)
			fprintf(f, "%02x", header->id[i]);
		fputc('"', f);
	}
	fputs(",\"src\":{\"format\":", f);
	weft_json_string(f, header->source);
	if (header->t_is) {
		fputs(",\"t_is\":", f);
		weft_json_string(f, header->t_is);
	}
	fputs("},\"caps\":[", f);
	for (unsigned i = 0; i < WEFT_CAP_COUNT; i++) {
		if (header->caps & UINT32_C(1) << i) {
			fprintf(f, "%s\"%s\"", sep, caps[i]);
			sep = ",";
		}
	}
	fputc(']', f);
}

void weft_encode_header(FILE *f, const struct weft_header *header)
{
	fprintf(f, "{\"weft\":%d", WEFT_FORMAT_MAJOR);
	if (header->json)
		put_read_header(f, header->json);
	else
		put_made_header(f, header);
	fputs(",\"events\":[", f);
}
