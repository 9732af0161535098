/* SPDX-License-Identifier: MIT
 *
 * Locks, semaphores and wait groups: rules E23 and E24. Objects that existed before the trace have
 * a history that is not in the file, and are left alone.
 */
#include "tracer/trace/check_state.h"

static bool is_checked(const struct weft_checker *ck, const struct ck_obj *obj)
{
	return ck_claims(ck, WEFT_CAP_SYNC) && !obj->pre && !obj->merged;
}

static void say_holder(struct weft_checker *ck, const struct weft_record *rec,
	const struct ck_obj *obj, const char *what)
{
	ck_say(ck, "E23", rec, "%s of %s %llu \"%s\", which coroutine %llu holds", what,
		weft_obj_word(obj->type), (unsigned long long)obj->id, obj->name,
		(unsigned long long)obj->holder);
}

static void acquire_mutex(
	struct weft_checker *ck, const struct weft_record *rec, struct ck_obj *obj)
{
	if (obj->holder && obj->holder != rec->co && is_checked(ck, obj))
		say_holder(ck, rec, obj, "acquire");
	obj->depth = obj->holder == rec->co ? obj->depth + 1 : 1;
	obj->holder = rec->co;
}

static void release_mutex(
	struct weft_checker *ck, const struct weft_record *rec, struct ck_obj *obj)
{
	uint64_t of = rec->from ? rec->from : rec->co;

	if (obj->holder != of && is_checked(ck, obj)) {
		if (obj->holder)
			say_holder(ck, rec, obj, "release");
		else
			ck_say(ck, "E23", rec, "release of mutex %llu \"%s\", which nobody holds",
				(unsigned long long)obj->id, obj->name);
		obj->depth = 1;
	}
	if (--obj->depth <= 0)
		obj->holder = 0;
}

static void acquire_rwlock(
	struct weft_checker *ck, const struct weft_record *rec, struct ck_obj *obj)
{
	if (obj->holder && is_checked(ck, obj))
		say_holder(ck, rec, obj, "acquire");
	if (rec->mode == 1) {
		obj->holder = 0;
		obj->readers++;
		return;
	}
	if (!obj->holder && obj->readers > 0 && is_checked(ck, obj))
		ck_say(ck, "E23", rec, "rwlock %llu \"%s\" is taken to write while %lld read it",
			(unsigned long long)obj->id, obj->name, (long long)obj->readers);
	obj->readers = 0;
	obj->holder = rec->co;
}

static void release_rwlock(
	struct weft_checker *ck, const struct weft_record *rec, struct ck_obj *obj)
{
	bool write = rec->mode == 2 || (rec->mode == 0 && obj->holder);

	if (write && obj->holder != (rec->from ? rec->from : rec->co) && is_checked(ck, obj))
		ck_say(ck, "E23", rec,
			"rwlock %llu \"%s\" is released by coroutine %llu, "
			"which does not hold it to write",
			(unsigned long long)obj->id, obj->name, (unsigned long long)rec->co);
	if (!write && obj->readers <= 0 && is_checked(ck, obj))
		ck_say(ck, "E23", rec, "rwlock %llu \"%s\" is released, and nobody reads it",
			(unsigned long long)obj->id, obj->name);
	if (write)
		obj->holder = 0;
	else if (obj->readers > 0)
		obj->readers--;
}

static void take_semaphore(
	struct weft_checker *ck, const struct weft_record *rec, struct ck_obj *obj, int64_t n)
{
	if (!obj->value_known)
		return;
	if (__builtin_add_overflow(obj->value, n, &obj->value)) {
		obj->value_known = false;
		return;
	}
	if (obj->value >= 0)
		return;
	if (is_checked(ck, obj))
		ck_say(ck, "E23", rec, "semaphore %llu \"%s\" falls to %lld",
			(unsigned long long)obj->id, obj->name, (long long)obj->value);
	obj->value = 0;
}

void ck_acquire(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_obj *obj;

	ck_actor(ck, rec, rec->co);
	obj = ck_use(ck, rec, rec->on);
	if (rec->from)
		ck_named(ck, rec, rec->from);
	if (!obj || !rec->ok)
		return;
	if (obj->type == WEFT_OBJ_MUTEX)
		acquire_mutex(ck, rec, obj);
	else if (obj->type == WEFT_OBJ_RWLOCK)
		acquire_rwlock(ck, rec, obj);
	else if (obj->type == WEFT_OBJ_SEMAPHORE)
		take_semaphore(ck, rec, obj, rec->n >= 0 ? -rec->n : -1);
}

void ck_release(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_obj *obj;

	ck_actor(ck, rec, rec->co);
	obj = ck_use(ck, rec, rec->on);
	if (rec->from)
		ck_named(ck, rec, rec->from);
	if (!obj)
		return;
	if (obj->type == WEFT_OBJ_MUTEX)
		release_mutex(ck, rec, obj);
	else if (obj->type == WEFT_OBJ_RWLOCK)
		release_rwlock(ck, rec, obj);
	else if (obj->type == WEFT_OBJ_SEMAPHORE)
		take_semaphore(ck, rec, obj, rec->n >= 0 ? rec->n : 1);
}

/* A change without `value` need not stand in the order of the changes: it only ends the counting.
 */
void ck_add_delta(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_obj *obj;

	ck_actor(ck, rec, rec->co);
	obj = ck_use(ck, rec, rec->on);
	if (!obj)
		return;
	if (!rec->has_number) {
		obj->value_known = false;
		return;
	}
	if (obj->pre || obj->merged)
		; /* its history is not in the file */
	else if (obj->value_known && obj->value + rec->delta != rec->number)
		ck_say(ck, "E24", rec, "wait group %llu \"%s\" was %lld, and %+lld makes it %lld",
			(unsigned long long)obj->id, obj->name, (long long)obj->value,
			(long long)rec->delta, (long long)rec->number);
	else if (rec->number < 0)
		ck_say(ck, "E24", rec, "wait group %llu \"%s\" falls to %lld",
			(unsigned long long)obj->id, obj->name, (long long)rec->number);
	obj->value = rec->number;
	obj->value_known = true;
}
