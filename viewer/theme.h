/* SPDX-License-Identifier: MIT
 *
 * Colours by meaning. A theme is a table; draw knows no other colours.
 */
#ifndef WEFT_VIEWER_THEME_H
#define WEFT_VIEWER_THEME_H

enum theme_name {
	THEME_LIGHT,
	THEME_DARK,
	THEME_CLASSIC, /* blue threads, red arrows on white */
	THEME_SAFE,    /* Okabe and Ito's colours, for every eye */
	THEME_COUNT
};

#endif
