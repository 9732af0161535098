/* SPDX-License-Identifier: MIT
 *
 * Getting a window from SDL, and asking it about the screen.
 */
#include "viewer/window_open.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define WIDTH 1280 /* in the desktop's points */
#define HEIGHT 800
#define WIDTH_MIN 320
#define HEIGHT_MIN 240

static int fail(struct window_error *error, int r, const char *what)
{
	snprintf(error->text, sizeof(error->text), "no window: %s", what);
	return r;
}

/*
 * Where there is no desktop, SDL falls back to a screen that nobody sees, or seizes the console's:
 * nobody means that who doesn't say so by SDL_VIDEODRIVER.
 */
static int choose_driver(struct window_error *error)
{
	if (getenv("SDL_VIDEODRIVER"))
		return 0;
	if (getenv("WAYLAND_DISPLAY"))
		SDL_SetHint(SDL_HINT_VIDEODRIVER, getenv("DISPLAY") ? "x11,wayland" : "wayland");
	else if (getenv("DISPLAY"))
		SDL_SetHint(SDL_HINT_VIDEODRIVER, "x11");
	else
		return fail(error, -ENODEV, "there is no display (DISPLAY is not set)");
	return 0;
}

static int start_sdl(struct window_error *error)
{
	int r = choose_driver(error);

	if (r < 0)
		return r;
	SDL_SetMainReady();
	SDL_SetHint(
		SDL_HINT_FRAMEBUFFER_ACCELERATION, "0"); /* the environment's word is stronger */
	SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
	SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
	SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
	SDL_SetHint(SDL_HINT_APP_NAME, "weft");
	SDL_SetHint("SDL_VIDEO_X11_WMCLASS", "weft");
	if (SDL_Init(SDL_INIT_VIDEO) == 0)
		return 0;
	if (getenv("SDL_VIDEODRIVER"))
		return fail(error, -ENODEV, SDL_GetError());
	snprintf(error->text, sizeof(error->text), "no window: the display %s can't be opened",
		getenv("DISPLAY") ? getenv("DISPLAY") : getenv("WAYLAND_DISPLAY"));
	return -ENODEV;
}

static int create_window(const char *title, const struct window_options *o, SDL_Window **ret_window,
	struct window_error *error)
{
	SDL_Rect room = {0, 0, WIDTH, HEIGHT};
	int width = o->width > 0 ? o->width : WIDTH, height = o->height > 0 ? o->height : HEIGHT;
	SDL_Window *window;

	if (o->width <= 0 && SDL_GetDisplayUsableBounds(0, &room) == 0 && room.w > 0 &&
		room.h > 0) {
		width = SDL_min(width, room.w);
		height = SDL_min(height, room.h);
	}
	window = SDL_CreateWindow(title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, width,
		height, SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
	if (!window)
		return fail(error, -ENODEV, SDL_GetError());
	SDL_SetWindowMinimumSize(window, WIDTH_MIN, HEIGHT_MIN);
	if (!SDL_GetWindowSurface(window)) {
		fail(error, -ENODEV, SDL_GetError());
		SDL_DestroyWindow(window);
		return -ENODEV;
	}
	*ret_window = window;
	return 0;
}

int window_open(const char *title, const struct window_options *options, SDL_Window **ret_window,
	struct window_error *error)
{
	int r = start_sdl(error);

	return r < 0 ? r : create_window(title, options, ret_window, error);
}

double window_refresh_s(SDL_Window *window)
{
	SDL_DisplayMode mode;

	if (SDL_GetWindowDisplayMode(window, &mode) == 0 && mode.refresh_rate > 0)
		return 1.0 / mode.refresh_rate;
	return 1 / 60.0;
}

/*
 * Wayland and macOS say it by a window with more pixels than
 * points; X11 says nothing there, so what the desktop tells its toolkits is taken, else the
 * screen's density.
 */
double window_scale(SDL_Window *window, const struct window_options *options, int width_px)
{
	static const char *const names[] = {"GDK_SCALE", "QT_SCALE_FACTOR"};
	int points = 0;
	float dpi = 0;

	if (options->scale > 0)
		return options->scale;
	SDL_GetWindowSize(window, &points, NULL);
	if (points > 0 && width_px > points)
		return (double)width_px / points;
	for (int i = 0; i < 2; i++) {
		const char *value = getenv(names[i]);
		double scale = value ? atof(value) : 0;

		if (scale >= 1 && scale <= 4)
			return scale;
	}
	if (SDL_GetDisplayDPI(SDL_GetWindowDisplayIndex(window), &dpi, NULL, NULL) == 0 &&
		dpi >= 180)
		return 2;
	return 1;
}
