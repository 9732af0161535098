/* SPDX-License-Identifier: MIT
 *
 * The themes, one column each.
 */
#include "viewer/theme.h"

#include <errno.h>
#include <string.h>

static const struct theme themes[THEME_COUNT] = {
	[THEME_LIGHT] = {"light", {
		[THEME_GROUND] = 0xffffff, [THEME_PANEL] = 0xf4f5f7, [THEME_GRID] = 0xe9ebee,
		[THEME_TEXT] = 0x1b1f24, [THEME_DIM] = 0x6b7480, [THEME_NAME] = 0x48515c,
		[THEME_TIE] = 0xb4bdc8, [THEME_MESSAGE] = 0xd81e2c, [THEME_WAKE] = 0x8f9aa7,
		[THEME_RUNNING] = 0x1a7f4b, [THEME_READY] = 0x2aa7bd, [THEME_SEND] = 0xa9742a,
		[THEME_RECV] = 0x8494b5, [THEME_SELECT] = 0x8a63b5, [THEME_JOIN] = 0x9aa05a,
		[THEME_WAIT] = 0x7d8794, [THEME_SLEEP] = 0xa3acb8, [THEME_LIFE] = 0x9fb1c8,
		[THEME_HEAD] = 0x1769d2, [THEME_WARN] = 0x96640a,
	}},
	[THEME_DARK] = {"dark", {
		[THEME_GROUND] = 0x111418, [THEME_PANEL] = 0x1a1e25, [THEME_GRID] = 0x22272f,
		[THEME_TEXT] = 0xf0f3f6, [THEME_DIM] = 0x8a94a2, [THEME_NAME] = 0xb4bdc9,
		[THEME_TIE] = 0x4a5462, [THEME_MESSAGE] = 0xff5252, [THEME_WAKE] = 0x667080,
		[THEME_RUNNING] = 0x4fd08a, [THEME_READY] = 0x3fb8cf, [THEME_SEND] = 0xd79c4a,
		[THEME_RECV] = 0x6a7ba3, [THEME_SELECT] = 0xa981d9, [THEME_JOIN] = 0xa9ae63,
		[THEME_WAIT] = 0x7b8492, [THEME_SLEEP] = 0x586270, [THEME_LIFE] = 0x5c6f8a,
		[THEME_HEAD] = 0x5aa9ff, [THEME_WARN] = 0xe0b040,
	}},
	[THEME_CLASSIC] = {"classic", {
		[THEME_GROUND] = 0xffffff, [THEME_PANEL] = 0xf2f5fa, [THEME_GRID] = 0xedf0f5,
		[THEME_TEXT] = 0x101828, [THEME_DIM] = 0x6a7385, [THEME_NAME] = 0x26416f,
		[THEME_TIE] = 0x9fb6e0, [THEME_MESSAGE] = 0xe0101e, [THEME_WAKE] = 0x93a3c2,
		[THEME_RUNNING] = 0x0d47b8, [THEME_READY] = 0x3c8be0, [THEME_SEND] = 0x5b6fd6,
		[THEME_RECV] = 0x7fa3dd, [THEME_SELECT] = 0x4f8f9f, [THEME_JOIN] = 0x8a9cc4,
		[THEME_WAIT] = 0x6d86b5, [THEME_SLEEP] = 0xa7bbdc, [THEME_LIFE] = 0x3b74cf,
		[THEME_HEAD] = 0x0d47b8, [THEME_WARN] = 0x8a5a00,
	}},
	[THEME_SAFE] = {"safe", {
		[THEME_GROUND] = 0xffffff, [THEME_PANEL] = 0xf4f4f4, [THEME_GRID] = 0xebebeb,
		[THEME_TEXT] = 0x000000, [THEME_DIM] = 0x636363, [THEME_NAME] = 0x3a3a3a,
		[THEME_TIE] = 0xb3b3b3, [THEME_MESSAGE] = 0xd55e00, [THEME_WAKE] = 0x8c8c8c,
		[THEME_RUNNING] = 0x009e73, [THEME_READY] = 0x56b4e9, [THEME_SEND] = 0xe69f00,
		[THEME_RECV] = 0x0072b2, [THEME_SELECT] = 0xcc79a7, [THEME_JOIN] = 0xbfae00,
		[THEME_WAIT] = 0x5f5f5f, [THEME_SLEEP] = 0x9a9a9a, [THEME_LIFE] = 0x7f93a8,
		[THEME_HEAD] = 0x0072b2, [THEME_WARN] = 0x7a5500,
	}},
};

const struct theme *theme_get(enum theme_name name)
{
	return &themes[(unsigned)name < THEME_COUNT ? name : THEME_LIGHT];
}

int theme_find(const char *word, enum theme_name *ret_name)
{
	for (unsigned i = 0; i < THEME_COUNT; i++) {
		if (strcmp(themes[i].word, word) == 0) {
			*ret_name = (enum theme_name)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *theme_words(void)
{
	return "light, dark, classic, safe";
}
