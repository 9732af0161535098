/* SPDX-License-Identifier: MIT
 *
 * The scanner. It is driven by the same table as the general decoder (fields.h), with the names of
 * kinds and fields as numbers of eight bytes, so that one load and one comparison finds them. How
 * it reads, and why it never reads too far: token.h.
 */
#include "tracer/trace/scan.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/trace/fields.h"
#include "tracer/trace/plain.h"
#include "tracer/trace/token.h"

#define ROWS_MAX 24
#define LIST_MAX 128 /* cases and ids: as many as the recorder writes */

/* A name as it stands in a load of eight bytes. */
struct name {
	uint64_t bytes, mask;
};

enum how {
	INT64, /* an integer from min to min + extent */
	INT32, /* the same, kept in 32 bits */
	INT_SKIPPED,
	INT_FLAGGED, /* the same, and `has` is set */
	WORD,
	OTHER,
};

/* A field of a kind. */
struct row {
	struct name name; /* `,"msg":`, or its first eight bytes */
	union {
		struct {
			int64_t min;
			uint64_t extent;
		};
		struct name guess; /* `"recv"`, if that was the last word */
	};
	const struct weft_field *field;
	struct row *follow; /* the row that came behind this one last time */
	uint32_t bit;
	uint16_t offset;
	uint8_t len; /* of the name and what stands around it */
	uint8_t how; /* enum how */
	uint8_t word, word_len;
};

struct kind {
	struct name name; /* `send"` */
	uint32_t required;
	uint16_t nrows;
	uint8_t len, number;
	struct kind *follow; /* as of a row */
	struct row rows[ROWS_MAX];
};

struct weft_scanner {
	struct kind kinds[WEFT_EV_COUNT_];
	struct kind *last; /* of the record before */
	struct weft_case cases[LIST_MAX];
	uint64_t ids[LIST_MAX];
	char *strings; /* of one record, each with its end; as much room as its text has */
	size_t used, room;
};

/* ---- The tables ------------------------------------------------------------------------------ */

static inline bool is_name(const struct name *name, const char *p)
{
	return (load(p) & name->mask) == name->bytes;
}

/* Of a text and what stands before and behind it. Returns their length together. */
static uint8_t set_name(struct name *name, const char *before, const char *text, const char *behind)
{
	char bytes[32] = "";
	size_t len = (size_t)(stpcpy(stpcpy(stpcpy(bytes, before), text), behind) - bytes);

	name->mask = len < 8 ? (UINT64_C(1) << 8 * len) - 1 : UINT64_MAX;
	name->bytes = load(bytes);
	return (uint8_t)len;
}

static void set_limits(struct row *row)
{
	int64_t max = WEFT_TIME_MAX;

	row->how = row->offset ? INT64 : INT_SKIPPED;
	switch (row->field->type) {
	case WEFT_FIELD_ID:
	case WEFT_FIELD_AT:
		row->min = 1;
		break;
	case WEFT_FIELD_TIME:
	case WEFT_FIELD_COUNT:
		break;
	case WEFT_FIELD_INT:
		row->min = -WEFT_TIME_MAX;
		break;
	case WEFT_FIELD_WORKER:
		max = INT32_MAX - 1;
		row->how = INT32;
		break;
	case WEFT_FIELD_WORD:
		row->how = WORD;
		row->guess = (struct name){UINT64_MAX, 0};
		return;
	default:
		row->how = OTHER;
		return;
	}
	row->extent = (uint64_t)(max - row->min);
	if (row->field->has)
		row->how = INT_FLAGGED;
}

static void add_row(struct kind *kind, const struct weft_field *field)
{
	struct row *row = &kind->rows[kind->nrows];

	if (kind->nrows == ROWS_MAX)
		abort(); /* a new field: make it more */
	row->field = field;
	row->follow = kind->rows;
	row->len = set_name(&row->name, ",\"", field->name, "\":");
	row->bit = UINT32_C(1) << kind->nrows;
	row->offset = (uint16_t)field->offset;
	set_limits(row);
	if (field->required)
		kind->required |= row->bit;
	kind->nrows++;
}

static void add_kind(struct weft_scanner *scanner, unsigned number)
{
	const struct weft_field *field = weft_fields(weft_ev_word(number), &number);
	struct kind *kind = &scanner->kinds[number];

	kind->number = (uint8_t)number;
	kind->len = set_name(&kind->name, "", weft_ev_word(number), "\"");
	kind->follow = kind;
	for (; field->name; field++)
		add_row(kind, field);
}

struct weft_scanner *weft_scanner_create(void)
{
	struct weft_scanner *scanner = calloc(1, sizeof(*scanner));

	if (!scanner)
		return NULL;
	for (unsigned i = 0; i < WEFT_EV_COUNT_; i++)
		add_kind(scanner, i);
	scanner->last = scanner->kinds;
	return scanner;
}

void weft_scanner_free(struct weft_scanner *scanner)
{
	if (scanner)
		free(scanner->strings);
	free(scanner);
}

/* ---- Fields ---------------------------------------------------------------------------------- */

static const char *scan_string(struct weft_scanner *scanner, const char *p, const char **ret)
{
	const char *start = p + 1;
	char *to = scanner->strings + scanner->used;

	p = skip_string(p);
	if (!p)
		return NULL;
	*(char *)mempcpy(to, start, (size_t)(p - 1 - start)) = '\0';
	scanner->used += (size_t)(p - start);
	*ret = to;
	return p;
}

static const char *scan_id(const char *p, uint64_t *ret)
{
	int64_t n;

	p = scan_integer(p, &n);
	if (!p || n < 1 || n > WEFT_TIME_MAX)
		return NULL;
	*ret = (uint64_t)n;
	return p;
}

static const char *scan_ids(struct weft_scanner *scanner, const char *p, struct weft_record *rec)
{
	rec->ids = scanner->ids;
	if (*p != '[' || p[1] == ']')
		return skip(p, "[]");
	do {
		if (rec->nids == LIST_MAX)
			return NULL;
		p = scan_id(p + 1, &scanner->ids[rec->nids++]);
	} while (p && *p == ',');
	return p ? skip(p, "]") : NULL;
}

/* `{"on":1,"dir":"recv"}` */
static const char *scan_case(const char *p, struct weft_case *ret)
{
	static const char *const words[] = {"recv", "send", NULL};
	uint8_t word;

	p = skip(p, "{\"on\":");
	p = p ? scan_id(p, &ret->on) : NULL;
	p = p ? skip(p, ",\"dir\":") : NULL;
	p = p ? scan_word(p, words, &word) : NULL;
	if (!p)
		return NULL;
	ret->dir = (enum weft_dir)word;
	return skip(p, "}");
}

static const char *scan_cases(struct weft_scanner *scanner, const char *p, struct weft_record *rec)
{
	rec->cases = scanner->cases;
	if (*p != '[' || p[1] == ']')
		return skip(p, "[]");
	do {
		if (rec->ncases == LIST_MAX)
			return NULL;
		p = scan_case(p + 1, &scanner->cases[rec->ncases++]);
	} while (p && *p == ',');
	return p ? skip(p, "]") : NULL;
}

static const char *scan_pick(const char *p, int64_t *ret)
{
	static const char *const words[] = {"default", "timeout", "cancel", NULL};
	uint8_t word;

	if (*p != '"') {
		p = scan_integer(p, ret);
		return p && *ret >= 0 && *ret <= WEFT_TIME_MAX ? p : NULL;
	}
	p = scan_word(p, words, &word);
	*ret = p ? WEFT_PICK_DEFAULT - word : 0;
	return p;
}

/* A value is kept as it stands: who shows it makes text of it. */
static const char *keep_plain(const char *start, const char *end, struct weft_record *rec)
{
	rec->has_value = true;
	rec->plain = start;
	rec->plain_len = end ? (size_t)(end - start) : 0;
	return end;
}

static const char *scan_other(
	struct weft_scanner *scanner, const struct row *row, const char *p, struct weft_record *rec)
{
	const struct weft_field *field = row->field;
	void *to = (char *)rec + row->offset;

	switch (field->type) {
	case WEFT_FIELD_VALUE:
		return keep_plain(p, weft_plain_value(p), rec);
	case WEFT_FIELD_NUMBER:
		return keep_plain(p, weft_plain_number(p), rec);
	case WEFT_FIELD_STRING:
		return row->offset ? scan_string(scanner, p, to) : skip_string(p);
	case WEFT_FIELD_BOOL:
		return scan_bool(p, to);
	case WEFT_FIELD_CASES:
		return scan_cases(scanner, p, rec);
	case WEFT_FIELD_IDS:
		return scan_ids(scanner, p, rec);
	case WEFT_FIELD_PICK:
		return scan_pick(p, to);
	default:
		return NULL;
	}
}

/* A word that is no guess; next time it is. */
static const char *scan_new_word(struct row *row, const char *p)
{
	const char *end = scan_word(p, row->field->words, &row->word);

	if (end)
		row->word_len = set_name(&row->guess, "\"", row->field->words[row->word], "\"");
	if (!end || row->word_len > 8)
		row->guess = (struct name){UINT64_MAX, 0};
	return end;
}

static inline const char *scan_field(
	struct weft_scanner *scanner, struct row *row, const char *p, struct weft_record *rec)
{
	char *to = (char *)rec + row->offset;
	int64_t n;

	if (row->how == WORD) {
		p = is_name(&row->guess, p) ? p + row->word_len : scan_new_word(row, p);
		*(uint8_t *)to = row->word;
		return p;
	}
	if (row->how == OTHER)
		return scan_other(scanner, row, p, rec);
	p = scan_integer(p, &n);
	if (!p || (uint64_t)(n - row->min) > row->extent)
		return NULL;
	if (row->how == INT64) {
		*(int64_t *)to = n;
	} else if (row->how == INT32) {
		*(int32_t *)to = (int32_t)n;
	} else if (row->how == INT_FLAGGED) {
		*(int64_t *)to = n;
		*((bool *)rec + row->field->has) = true;
	}
	return p;
}

/* ---- Records --------------------------------------------------------------------------------- */

/*
 * Programs do the same things again and again, and a writer has its order of fields: so the kind of
 * a record and the name of a field are looked for first where they were last time behind the same
 * one.
 */
static bool is_row(const struct row *row, const char *p)
{
	size_t len = row->len;

	if (!is_name(&row->name, p))
		return false;
	return len <= 8 || (strncmp(p + 2, row->field->name, len - 4) == 0 && p[len - 2] == '"' &&
				   p[len - 1] == ':');
}

static struct row *search_row(struct kind *kind, struct row *last, const char *p)
{
	for (unsigned i = 1; i < kind->nrows; i++) {
		if (is_row(&kind->rows[i], p))
			return last->follow = &kind->rows[i];
	}
	return NULL;
}

static struct kind *find_kind(struct weft_scanner *scanner, const char *p)
{
	struct kind *kind = scanner->last->follow;

	if (is_name(&kind->name, p))
		return scanner->last = kind;
	for (unsigned i = 0; i < WEFT_EV_COUNT_; i++) {
		kind = &scanner->kinds[i];
		if (is_name(&kind->name, p)) {
			scanner->last->follow = kind;
			return scanner->last = kind;
		}
	}
	return NULL;
}

/* The fields behind `ev`. Returns the place of the last bracket. */
static const char *scan_fields(
	struct weft_scanner *scanner, struct kind *kind, const char *p, struct weft_record *rec)
{
	struct row *row = kind->rows; /* ev */
	uint32_t seen = row->bit;

	while (*p != '}') {
		struct row *last = row;

		row = last->follow;
		if (!is_row(row, p))
			row = search_row(kind, last, p);
		if (!row || seen & row->bit)
			return NULL;
		seen |= row->bit;
		p = scan_field(scanner, row, p + row->len, rec);
		if (!p)
			return NULL;
	}
	return (seen & kind->required) == kind->required ? p : NULL;
}

/* Room for all strings that a text may have. */
static bool make_room(struct weft_scanner *scanner, size_t room)
{
	scanner->used = 0;
	if (room <= scanner->room)
		return true;
	free(scanner->strings);
	scanner->strings = malloc(room);
	scanner->room = scanner->strings ? room : 0;
	return scanner->strings;
}

const char *weft_scan(
	struct weft_scanner *scanner, const char *text, size_t room, struct weft_record *rec)
{
	struct kind *kind;
	const char *p;

	if (memcmp(text, "{\"ev\":\"", 7) != 0 || !make_room(scanner, room))
		return NULL;
	kind = find_kind(scanner, text + 7);
	if (!kind)
		return NULL;
	weft_record_clear(rec);
	rec->kind = kind->number;
	p = scan_fields(scanner, kind, text + 7 + kind->len, rec);
	return p ? p + 1 : NULL;
}
