/* SPDX-License-Identifier: MIT
 *
 * Reading the commands of a gotrace file in all its wrappings: a list, `data = [...]` or `var data
 * = [...];`, an object with the list as `commands`. One element at a time.
 */
#include "tracer/formats/gotrace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "tracer/trace/map.h"
#include "tracer/trace/split.h"

#define TIME_MAX WEFT_TIME_MAX

void gotrace_odd(struct gotrace *g, enum gotrace_oddity oddity, uint64_t line)
{
	if (g->odd[oddity]++ == 0)
		g->odd_line[oddity] = line;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A cursor over the first bytes. */
struct cursor {
	const char *at, *end;
};

static void skip_blanks(struct cursor *c)
{
	while (c->at < c->end && is_blank(*c->at))
		c->at++;
}

static bool skip_word(struct cursor *c, const char *word)
{
	size_t len = strlen(word);

	skip_blanks(c);
	if ((size_t)(c->end - c->at) < len || memcmp(c->at, word, len) != 0)
		return false;
	c->at += len;
	return true;
}

/* The JavaScript in front of the list. */
static bool skip_assignment(struct cursor *c)
{
	struct cursor start = *c;

	if (skip_word(c, "var") && (c->at == c->end || !is_blank(*c->at))) {
		*c = start;
		return false;
	}
	if (skip_word(c, "data") && skip_word(c, "="))
		return true;
	*c = start;
	return false;
}

bool gotrace_probe(const char *data, size_t len)
{
	struct cursor c = {data, data + len};
	const char *brace;

	if (skip_assignment(&c))
		return skip_word(&c, "[") || skip_word(&c, "{");
	if (skip_word(&c, "{"))
		return memmem(data, len, "\"commands\"", 10) &&
		       memmem(data, len, "\"command\"", 9) && !memmem(data, len, "\"ev\"", 4);
	if (!skip_word(&c, "[") || !skip_word(&c, "{"))
		return false;
	brace = memchr(c.at, '}', (size_t)(c.end - c.at));
	return memmem(c.at, (size_t)((brace ? brace : c.end) - c.at), "\"command\"", 9);
}

/* ---- One command ----------------------------------------------------------------------------- */

/* A name: text, or a number in the tool's last style. Interned; NULL if there is none. */
static int get_name(struct gotrace *g, struct json_object *json, const char *key, const char **ret)
{
	struct json_object *field;
	const char *text;

	*ret = NULL;
	if (!json_object_object_get_ex(json, key, &field) ||
		(!json_object_is_type(field, json_type_string) &&
			!json_object_is_type(field, json_type_int)))
		return 0;
	text = json_object_get_string(field);
	if (!text || !text[0])
		return 0;
	*ret = weft_arena_intern(g->arena, text);
	return *ret ? 0 : -ENOMEM;
}

static bool get_int(struct json_object *json, const char *key, int64_t *ret)
{
	struct json_object *field;
	int64_t n;

	if (!json_object_object_get_ex(json, key, &field) ||
		!json_object_is_type(field, json_type_int))
		return false;
	n = json_object_get_int64(field);
	if (n < -TIME_MAX || n > TIME_MAX)
		return false;
	*ret = n;
	return true;
}

static int find_kind(const char *word)
{
	static const char *const words[GOTRACE_KIND_COUNT] = {
		[GOTRACE_CREATE] = "create goroutine",
		[GOTRACE_STOP] = "stop goroutine",
		[GOTRACE_SEND] = "send to channel",
		[GOTRACE_BLOCK] = "block goroutine",
		[GOTRACE_UNBLOCK] = "unblock goroutine",
		[GOTRACE_SLEEP] = "sleep goroutine",
		[GOTRACE_CHANNEL] = "create channel",
	};

	for (int i = 0; i < GOTRACE_KIND_COUNT; i++) {
		if (strcmp(word, words[i]) == 0)
			return i;
	}
	return -1;
}

/* The keys of one kind of command. Returns 1 if they are all there, 0 if not, or -ENOMEM. */
static int get_keys(struct gotrace *g, struct json_object *json, struct gotrace_command *cmd)
{
	static const char *const keys[GOTRACE_KIND_COUNT][2] = {
		[GOTRACE_CREATE] = {"name", "parent"},
		[GOTRACE_STOP] = {"name", ""},
		[GOTRACE_SEND] = {"from", "to"},
		[GOTRACE_BLOCK] = {"name", ""},
		[GOTRACE_UNBLOCK] = {"name", ""},
		[GOTRACE_SLEEP] = {"name", ""},
		[GOTRACE_CHANNEL] = {"name", "goroutine"},
	};
	int rc = get_name(g, json, keys[cmd->kind][0], &cmd->name);

	if (rc == 0)
		rc = get_name(g, json, keys[cmd->kind][1], &cmd->other);
	if (rc == 0)
		rc = get_name(g, json, "ch", &cmd->ch);
	if (rc < 0)
		return rc;
	if (!get_int(json, "t", &cmd->t) || !cmd->name)
		return 0;
	if (cmd->kind == GOTRACE_SEND && (!cmd->other || !cmd->ch))
		return 0;
	cmd->depth = -1;
	get_int(json, "depth", &cmd->depth);
	if (cmd->kind == GOTRACE_SEND && json_object_object_get_ex(json, "duration", NULL) &&
		!get_int(json, "duration", &cmd->duration))
		return 0;
	return 1;
}

static int take_command(struct gotrace *g, struct json_object *json, uint64_t line)
{
	struct gotrace_command cmd = {.line = line};
	struct json_object *word, *value;
	int kind, rc;

	if (!json_object_is_type(json, json_type_object) ||
		!json_object_object_get_ex(json, "command", &word) ||
		!json_object_is_type(word, json_type_string)) {
		gotrace_odd(g, GOTRACE_BAD_COMMAND, line);
		return 0;
	}
	kind = find_kind(json_object_get_string(word));
	if (kind < 0) {
		gotrace_odd(g, GOTRACE_BAD_COMMAND, line);
		return 0;
	}
	cmd.kind = (uint8_t)kind;
	rc = get_keys(g, json, &cmd);
	if (rc < 0)
		return rc;
	if (rc == 0) {
		gotrace_odd(g, GOTRACE_BAD_FIELD, line);
		return 0;
	}
	if (weft_grow(&g->commands, g->count, &g->room, sizeof(*g->commands)) < 0)
		return -ENOMEM;
	if (kind == GOTRACE_SEND && json_object_object_get_ex(json, "value", &value)) {
		cmd.has_value = true;
		cmd.value = json_object_get(value);
	}
	g->commands[g->count++] = cmd;
	return 0;
}

/* ---- The list -------------------------------------------------------------------------------- */

static int read_list(struct gotrace *g, struct weft_split *split)
{
	struct weft_decoder *decoder = weft_decoder_create(g->report);
	int rc = decoder ? WEFT_PIECE_VALUE : -ENOMEM;

	weft_input_get(split->input); /* the bracket */
	weft_split_enter(split);
	while (rc >= 0) {
		struct json_object *json = NULL;
		enum weft_syntax syntax;

		rc = weft_split_next(split, WEFT_LINE_MAX);
		if (rc != WEFT_PIECE_VALUE)
			break;
		syntax = split->text.too_long ? WEFT_SYNTAX_BAD
					      : weft_decoder_parse(decoder, split->text.data,
							split->text.len, &json);
		if (syntax == WEFT_SYNTAX_OK)
			rc = take_command(g, json, split->line);
		else if (syntax == WEFT_SYNTAX_MEMORY)
			rc = -ENOMEM;
		else
			weft_report(g->report, "E02", split->line, 0, "a command that is not JSON");
	}
	weft_decoder_free(decoder);
	return rc;
}

/* An object: its list `commands`, wherever it stands. */
static int read_object(struct gotrace *g, struct weft_split *split)
{
	bool found = false;
	int rc;

	weft_input_get(split->input);
	while ((rc = weft_split_key(split)) == WEFT_PIECE_VALUE) {
		bool here =
			split->text.len == 10 && memcmp(split->text.data, "\"commands\"", 10) == 0;

		if (here && !found && weft_split_blank(split) == '[') {
			found = true;
			rc = read_list(g, split);
			if (rc == WEFT_PIECE_CLOSE)
				continue;
		} else {
			rc = weft_split_value(split, 0);
		}
		if (rc != WEFT_PIECE_VALUE)
			break;
	}
	return rc == WEFT_PIECE_CLOSE && !found ? WEFT_PIECE_BAD : rc;
}

/* The tool's last version numbers its goroutines and says how deep they are. */
static bool is_last_style(const struct gotrace *g)
{
	bool depth = false;

	for (size_t i = 0; i < g->count; i++) {
		const struct gotrace_command *cmd = &g->commands[i];

		if (cmd->kind != GOTRACE_CREATE)
			continue;
		depth |= cmd->depth >= 0;
		if (strcmp(cmd->name, "main") == 0)
			continue;
		if (cmd->name[0] != '#' || !cmd->name[1] ||
			cmd->name[1 + strspn(cmd->name + 1, "0123456789")])
			return false;
	}
	return depth;
}

int gotrace_read(struct gotrace *g, struct weft_input *input, struct weft_trace_error *error)
{
	struct weft_split split;
	struct cursor c = {input->buf, input->buf + input->len};
	int rc;

	skip_word(&c, "\xef\xbb\xbf");
	skip_assignment(&c);
	while (input->buf + input->pos < c.at)
		weft_input_get(input);
	weft_split_init(&split, input);
	rc = weft_split_blank(&split);
	if (rc == '[')
		rc = read_list(g, &split);
	else
		rc = rc == '{' ? read_object(g, &split) : WEFT_PIECE_BAD;
	if (rc == WEFT_PIECE_CLOSE && weft_split_blank(&split) == ';')
		weft_input_get(input);
	if (rc == WEFT_PIECE_CLOSE && weft_split_blank(&split) >= 0)
		weft_report(g->report, "E29", input->line, 0, "something follows the commands");
	if (rc == WEFT_PIECE_CUT || (rc == WEFT_PIECE_BAD && g->count > 0)) {
		weft_report(g->report, "W01", input->line, 0, "the end is missing: cut here");
		rc = 0;
	}
	weft_split_finish(&split);
	g->last_style = is_last_style(g);
	if (input->error < 0)
		rc = input->error;
	if (rc == WEFT_PIECE_BAD)
		return weft_refuse(error, -EPROTO, input->line,
			"not a gotrace file: no list of commands (line %llu)",
			(unsigned long long)input->line);
	if (rc < 0)
		return weft_refuse(error, rc, 0, "%s", weft_input_reason(input, rc));
	return 0;
}

void gotrace_finish(struct gotrace *g)
{
	for (size_t i = 0; i < g->count; i++)
		json_object_put(g->commands[i].value);
	free(g->commands);
	weft_arena_free(g->arena);
}
