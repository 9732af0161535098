/* SPDX-License-Identifier: MIT
 *
 * SDL's part: a window whose pixels cairo draws, events turned into commands, and a loop that
 * sleeps when nothing is to be drawn. What the commands do is control.c's affair.
 *
 * There is no GPU in this: the window's surface is plain memory, a frame is drawn into it and
 * handed to the screen. A frame is drawn when the picture is dirty, at most once a refresh.
 */
#include "viewer/window.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SDL_MAIN_HANDLED
#include <SDL.h>
#include <cairo.h>

#include "tracer/trace/trace.h"
#include "viewer/control.h"
#include "viewer/draw.h"
#include "viewer/export.h"
#include "viewer/layout.h"
#include "viewer/save.h"
#include "viewer/scene.h"
#include "viewer/window_open.h"
#include "viewer/window_state.h"

#define NOTICE_S 4.0
#define PROGRESS_S 0.05 /* between two looks at the events during an export */
#define PATH_MAX_BYTES 4096

_Static_assert(
	(int)INPUT_W == (int)SDL_SCANCODE_W && (int)INPUT_Z == (int)SDL_SCANCODE_Z, "places");
_Static_assert(
	(int)INPUT_F1 == (int)SDL_SCANCODE_F1 && (int)INPUT_UP == (int)SDL_SCANCODE_UP, "places");
_Static_assert((int)INPUT_ESCAPE == (int)SDL_SCANCODE_ESCAPE, "places");

struct window {
	SDL_Window *sdl;
	const struct weft_trace *trace;
	const struct window_options *options;
	struct layout *layout;
	struct control control;
	double frame_s;	     /* one refresh of the screen */
	double last_frame_s; /* when the last frame was begun */
	uint64_t frames;
	bool quit;
	bool repeat; /* the last key that went down was a held one */
	int state_fd;
};

void window_options_init(struct window_options *options)
{
	*options = (struct window_options){.axis = -1, .theme = THEME_LIGHT, .speed = 1};
}

static double now_s(void)
{
	return (double)SDL_GetPerformanceCounter() / (double)SDL_GetPerformanceFrequency();
}

/* ---- size and scale ---- */

static void update_size(struct window *w)
{
	int width = 0, height = 0;

	SDL_GetWindowSizeInPixels(w->sdl, &width, &height);
	if (width > 0 && height > 0)
		control_resize(&w->control, width, height, window_scale(w->sdl, w->options, width));
}

/* A mouse position of SDL's, which is in points, in picture units. */
static void to_units(const struct window *w, double *x, double *y)
{
	int points = 0;
	double ratio = 1;

	SDL_GetWindowSize(w->sdl, &points, NULL);
	if (points > 0)
		ratio = (double)w->control.view.width / points;
	*x *= ratio / w->control.view.scale;
	*y *= ratio / w->control.view.scale;
}

/* ---- frames ---- */

static void paint(struct window *w, unsigned char *pixels, int width, int height, int stride)
{
	cairo_surface_t *surface = cairo_image_surface_create_for_data(
		pixels, CAIRO_FORMAT_RGB24, width, height, stride);
	cairo_t *cr = cairo_create(surface);

	draw_scene(cr, w->control.scene, &w->control.view);
	cairo_destroy(cr);
	cairo_surface_destroy(surface);
}

/* Through a surface of our own, for a screen whose pixels are not 0x00RRGGBB. */
static void paint_and_convert(struct window *w, SDL_Surface *screen)
{
	SDL_Surface *own =
		SDL_CreateRGBSurfaceWithFormat(0, screen->w, screen->h, 32, SDL_PIXELFORMAT_RGB888);

	if (!own)
		return;
	paint(w, own->pixels, own->w, own->h, own->pitch);
	SDL_BlitSurface(own, NULL, screen, NULL);
	SDL_FreeSurface(own);
}

static bool is_xrgb(const SDL_Surface *s)
{
	return s->format->BytesPerPixel == 4 && s->format->Rmask == 0xff0000 &&
	       s->format->Gmask == 0xff00 && s->format->Bmask == 0xff && s->pitch % 4 == 0 &&
	       !SDL_MUSTLOCK(s);
}

static void present(struct window *w)
{
	struct control *c = &w->control;
	SDL_Surface *screen = SDL_GetWindowSurface(w->sdl);

	/* SDL gives a new surface after each change of size; the event may still be under way. */
	if (screen && (screen->w != c->view.width || screen->h != c->view.height))
		control_resize(c, screen->w, screen->h, c->view.scale);
	c->dirty = false;
	w->last_frame_s = now_s();
	if (!screen)
		return;
	scene_build(c->scene, w->trace, w->layout, &c->view);
	if (is_xrgb(screen))
		paint(w, screen->pixels, screen->w, screen->h, screen->pitch);
	else
		paint_and_convert(w, screen);
	SDL_UpdateWindowSurface(w->sdl);
	control_drawn(c);
	w->frames++;
	if (w->state_fd >= 0)
		window_state_write(w->state_fd, c, w->frames);
}

static bool is_visible(const struct window *w)
{
	return !(SDL_GetWindowFlags(w->sdl) & (SDL_WINDOW_HIDDEN | SDL_WINDOW_MINIMIZED));
}

/* ---- files ---- */

static void screenshot(struct window *w)
{
	struct control *c = &w->control;
	char path[PATH_MAX_BYTES];
	int r = save_name(path, sizeof(path), w->options->path, "png");

	if (r == 0)
		r = save_screenshot(path, w->trace, w->layout, &c->view);
	if (r < 0)
		control_say(c, NOTICE_S, "no screenshot: %s: %s", path, strerror(-r));
	else
		control_say(c, NOTICE_S, "saved %s", path);
}

struct export
{
	struct window *window;
	const char *path;
	double looked_s;
};

static bool is_stop(const struct window *w, const SDL_Event *e)
{
	return e->type == SDL_QUIT ||
	       (e->type == SDL_KEYDOWN && e->key.keysym.scancode == SDL_SCANCODE_ESCAPE);
}

/* Called by the export from time to time: keeps the window alive, ends the export on Esc. */
static int export_progress(void *arg, double done)
{
	struct export *e = arg;
	struct window *w = e->window;
	bool stop = false;
	SDL_Event event;

	if (now_s() - e->looked_s < PROGRESS_S && done < 1)
		return 0;
	e->looked_s = now_s();
	while (SDL_PollEvent(&event)) {
		stop |= is_stop(w, &event);
		w->quit |= event.type == SDL_QUIT;
		if (event.type == SDL_WINDOWEVENT &&
			event.window.event == SDL_WINDOWEVENT_SIZE_CHANGED)
			update_size(w);
	}
	control_tick(&w->control, now_s());
	control_say(&w->control, INFINITY, "%s: %d %%   Esc stops it", e->path, (int)(100 * done));
	if (is_visible(w))
		present(w);
	return stop ? 1 : 0;
}

/* The whole run as `weft export` would draw it, in this theme and on this axis. */
static void export(struct window *w)
{
	struct control *c = &w->control;
	struct export_options options;
	char path[PATH_MAX_BYTES], error[256] = "";
	struct export e = {w, path, 0};
	bool playing = c->player.playing;
	int r = save_name(path, sizeof(path), w->options->path, "gif");

	if (r < 0) {
		control_say(c, NOTICE_S, "no export: %s: %s", path, strerror(-r));
		return;
	}
	export_options_init(&options);
	options.theme = c->view.theme;
	options.axis = (int)c->view.axis;
	options.labels = c->view.labels;
	c->player.playing = false;
	r = export_file(w->trace, path, &options, export_progress, &e, error, sizeof(error));
	c->player.playing = playing;
	control_tick(c, now_s());
	if (r == -ECANCELED)
		control_say(c, NOTICE_S, "export stopped");
	else if (r < 0)
		control_say(c, NOTICE_S, "no export: %s", error[0] ? error : strerror(-r));
	else
		control_say(c, NOTICE_S, "saved %s", path);
}

/* ---- events ---- */

static void run_command(struct window *w, enum command command, double amount)
{
	if (w->repeat && !input_repeats(command))
		return;
	switch (control_command(&w->control, command, amount)) {
	case CONTROL_QUIT:
		w->quit = true;
		break;
	case CONTROL_SCREENSHOT:
		screenshot(w);
		break;
	case CONTROL_EXPORT:
		export(w);
		break;
	case CONTROL_NONE:
		break;
	}
}

/* AltGr makes characters and is none; with the desktop's own key a key is the desktop's. */
static unsigned mods_of(unsigned sdl)
{
	return (sdl & KMOD_CTRL ? INPUT_CTRL : 0) | (sdl & KMOD_SHIFT ? INPUT_SHIFT : 0) |
	       (sdl & KMOD_LALT ? INPUT_ALT : 0);
}

static void on_key(struct window *w, const SDL_KeyboardEvent *e)
{
	uint32_t letter = e->keysym.sym & SDLK_SCANCODE_MASK ? 0 : (uint32_t)e->keysym.sym;

	w->repeat = e->repeat != 0;
	if (!(e->keysym.mod & KMOD_GUI))
		run_command(w, input_key(e->keysym.scancode, letter, mods_of(e->keysym.mod)), 1);
}

static void on_text(struct window *w, const char *text)
{
	if (text[0] > 0 && text[1] == 0)
		run_command(w, input_char((unsigned char)text[0]), 1);
}

static void turn_wheel(
	struct window *w, double amount, enum input_wheel more, enum input_wheel less)
{
	if (amount != 0)
		run_command(w, input_wheel(amount > 0 ? more : less, mods_of(SDL_GetModState())),
			fabs(amount));
}

static void on_wheel(struct window *w, const SDL_MouseWheelEvent *e)
{
	w->repeat = false;
	turn_wheel(w, (double)e->preciseY, INPUT_WHEEL_UP, INPUT_WHEEL_DOWN);
	turn_wheel(w, (double)e->preciseX, INPUT_WHEEL_RIGHT, INPUT_WHEEL_LEFT);
}

static void on_button(struct window *w, const SDL_MouseButtonEvent *e)
{
	double x = e->x, y = e->y;

	if (e->button != SDL_BUTTON_LEFT && e->button != SDL_BUTTON_MIDDLE)
		return;
	to_units(w, &x, &y);
	if (e->type == SDL_MOUSEBUTTONDOWN)
		control_press(&w->control, x, y);
	else
		control_release(&w->control);
}

static void on_window(struct window *w, const SDL_WindowEvent *e)
{
	switch (e->event) {
	case SDL_WINDOWEVENT_SIZE_CHANGED:
	case SDL_WINDOWEVENT_DISPLAY_CHANGED:
		update_size(w);
		break;
	case SDL_WINDOWEVENT_EXPOSED:
	case SDL_WINDOWEVENT_SHOWN:
	case SDL_WINDOWEVENT_RESTORED:
		w->control.dirty = true;
		break;
	case SDL_WINDOWEVENT_LEAVE:
		control_leave(&w->control);
		break;
	default:
		break;
	}
}

static void on_event(struct window *w, const SDL_Event *e)
{
	double x, y;

	switch (e->type) {
	case SDL_QUIT:
		w->quit = true;
		break;
	case SDL_WINDOWEVENT:
		on_window(w, &e->window);
		break;
	case SDL_KEYDOWN:
		on_key(w, &e->key);
		break;
	case SDL_TEXTINPUT:
		on_text(w, e->text.text);
		break;
	case SDL_MOUSEWHEEL:
		on_wheel(w, &e->wheel);
		break;
	case SDL_MOUSEMOTION:
		x = e->motion.x;
		y = e->motion.y;
		to_units(w, &x, &y);
		control_motion(&w->control, x, y);
		break;
	case SDL_MOUSEBUTTONDOWN:
	case SDL_MOUSEBUTTONUP:
		on_button(w, &e->button);
		break;
	default:
		break;
	}
}

/* ---- the loop ---- */

/* How long nothing needs to be done, in ms; -1: until something happens. */
static int sleep_ms(const struct window *w)
{
	const struct control *c = &w->control;
	double until_s = control_wake_s(c);

	if ((c->player.playing || c->dirty) && is_visible(w))
		until_s = fmin(until_s, w->last_frame_s + w->frame_s);
	else if (c->player.playing)
		until_s = fmin(until_s, now_s() + 0.1);
	if (isinf(until_s))
		return -1;
	return (int)fmax(0, fmin(1000 * (until_s - now_s()), 60000));
}

static void handle_events(struct window *w, int timeout_ms)
{
	SDL_Event e;
	int got = timeout_ms < 0 ? SDL_WaitEvent(&e) : SDL_WaitEventTimeout(&e, timeout_ms);

	control_tick(&w->control, now_s());
	for (; got && !w->quit; got = SDL_PollEvent(&e))
		on_event(w, &e);
}

static void run(struct window *w)
{
	while (!w->quit) {
		handle_events(w, sleep_ms(w));
		/* Half a millisecond early is in time: the next chance is a whole one later. */
		if (w->control.dirty && is_visible(w) && !w->quit &&
			now_s() - w->last_frame_s >= w->frame_s - 0.0005)
			present(w);
	}
}

/* ---- from opening to quitting ---- */

static void start_control(struct window *w, struct scene *scene)
{
	const struct window_options *o = w->options;
	struct control *c = &w->control;
	enum view_axis axis = o->axis < 0 ? timescale_choose(w->trace) : (enum view_axis)o->axis;

	control_init(c, w->trace, w->layout, scene, axis, o->theme);
	c->now_s = now_s();
	player_set_speed(&c->player, o->speed);
	c->view.speed = c->player.speed;
	if (o->paused)
		control_command(c, COMMAND_PLAY, 1);
	update_size(w);
	w->last_frame_s = -INFINITY;
}

int window_run(const struct weft_trace *trace, const struct window_options *options,
	struct window_error *error)
{
	struct window w = {.trace = trace, .options = options, .state_fd = -1};
	char title[256];
	int r;

	snprintf(title, sizeof(title), "%s - weft", trace->title);
	r = window_open(title, options, &w.sdl, error);
	if (r == 0) {
		struct scene *scene = scene_create();

		w.frame_s = window_refresh_s(w.sdl);
		w.layout = layout_create(trace);
		w.state_fd = window_state_open();
		start_control(&w, scene);
		run(&w);
		if (w.state_fd >= 0)
			close(w.state_fd);
		scene_destroy(scene);
		layout_destroy(w.layout);
	}
	/*
	 * No SDL_Quit: SDL wakes its own wait by an event sent to the window over a second
	 * connection. When the server sees that after the window's end it answers BadWindow, and
	 * closing the connection reads the answer, upon which Xlib ends the process with status 1.
	 * The process ends soon; the server cleans up as well as SDL would.
	 */
	if (w.sdl)
		SDL_DestroyWindow(w.sdl);
	return r;
}
