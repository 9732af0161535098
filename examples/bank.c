/* SPDX-License-Identifier: MIT
 *
 * bank: --clerks of a bank move money between --accounts accounts, --transfers times each, and
 * --auditors add them all up, --audits times each. Money that is on its way is in no account, so
 * who moves it is alone with the books, and who only reads them is not: an rwlock.
 */
#include <stdio.h>
#include <stdlib.h>

#include <weft.h>

#include "options.h"

#define EACH 100 /* on each account when the day begins */

struct bank {
	struct weft_rwlock books;
	int accounts;
	long *balance; /* of each account, under the lock */
	struct weft_waitgroup at_work;
};

struct person {
	struct bank *bank;
	int number, times;
};

static void clerk(struct person *me)
{
	struct bank *b = me->bank;

	weft_set_name("clerk %d", me->number);
	for (int i = 1; i <= me->times; i++) {
		weft_rwlock_wlock(&b->books);
		b->balance[(me->number + i) % b->accounts] -= i;
		weft_yield(); /* counts it */
		b->balance[(me->number + 2 * i) % b->accounts] += i;
		weft_rwlock_wunlock(&b->books);
		weft_yield(); /* the next one, please */
	}
	weft_waitgroup_done(&b->at_work);
}

static void auditor(struct person *me)
{
	struct bank *b = me->bank;

	weft_set_name("auditor %d", me->number);
	for (int i = 0; i < me->times; i++) {
		long sum = 0;

		weft_rwlock_rlock(&b->books);
		for (int account = 0; account < b->accounts; account++) {
			sum += b->balance[account];
			weft_yield(); /* the others read on, too */
		}
		weft_rwlock_runlock(&b->books);
		if (sum != (long)b->accounts * EACH)
			printf("auditor %d: %ld are missing\n", me->number,
				b->accounts * EACH - sum);
		weft_yield(); /* a cup of coffee */
	}
	weft_waitgroup_done(&b->at_work);
}

static int app(int argc, char **argv)
{
	options_only(argc, argv, "--accounts --clerks --transfers --auditors --audits");
	int accounts = (int)option(argc, argv, "--accounts", 4, 1, 10000);
	int clerks = (int)option(argc, argv, "--clerks", 2, 0, 10000);
	int transfers = (int)option(argc, argv, "--transfers", 3, 0, 1000000);
	int auditors = (int)option(argc, argv, "--auditors", 3, 0, 10000);
	int audits = (int)option(argc, argv, "--audits", 3, 0, 1000000);
	struct bank b = {.accounts = accounts, .balance = calloc((size_t)accounts, sizeof(long))};

	if (!b.balance)
		return 1;
	weft_sync_name(&b.books, "books");
	for (int i = 0; i < accounts; i++)
		b.balance[i] = EACH;
	weft_waitgroup_add(&b.at_work, clerks + auditors);
	for (int i = 0; i < clerks; i++)
		weft_go_copy(clerk, &(struct person){&b, i, transfers});
	for (int i = 0; i < auditors; i++)
		weft_go_copy(auditor, &(struct person){&b, i, audits});
	weft_waitgroup_wait(&b.at_work);
	for (int i = 0; i < accounts; i++)
		printf("account %d: %ld\n", i, b.balance[i]);
	free(b.balance);
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
