/* SPDX-License-Identifier: MIT
 *
 * The words of the lists in event.h, by number.
 */
#include "tracer/trace/trace.h"

#define X(c, word) word,
static const char *const ev_words[] = {WEFT_EV_LIST(X)};
static const char *const why_words[] = {WEFT_WHY_LIST(X)};
static const char *const obj_words[] = {WEFT_OBJ_LIST(X)};
static const char *const via_words[] = {WEFT_VIA_LIST(X)};
static const char *const exit_words[] = {WEFT_EXIT_WHY_LIST(X)};
static const char *const unsend_words[] = {WEFT_UNSEND_WHY_LIST(X)};
static const char *const eof_words[] = {WEFT_EOF_WHY_LIST(X)};
#undef X
static const char *const state_words[] = {"unknown", "ready", "running", "blocked"};

#define WORD(list, i) ((i) < sizeof(list) / sizeof((list)[0]) ? (list)[i] : "?")

const char *weft_ev_word(unsigned kind)
{
	return WORD(ev_words, kind);
}

const char *weft_why_word(unsigned why)
{
	return WORD(why_words, why);
}

const char *weft_obj_word(unsigned type)
{
	return WORD(obj_words, type);
}

const char *weft_via_word(unsigned via)
{
	return WORD(via_words, via);
}

const char *weft_exit_word(unsigned why)
{
	return WORD(exit_words, why);
}

const char *weft_unsend_word(unsigned why)
{
	return WORD(unsend_words, why);
}

const char *weft_eof_word(unsigned why)
{
	return WORD(eof_words, why);
}

const char *weft_state_word(unsigned state)
{
	return WORD(state_words, state);
}
