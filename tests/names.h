/* SPDX-License-Identifier: MIT
 *
 * For tests that look up names: a bare machine may know none, for want of /etc/hosts or of
 * /etc/services.
 */
#ifndef WEFT_TESTS_NAMES_H
#define WEFT_TESTS_NAMES_H

#include <netdb.h>

#include "tests/test.h"

/* Skips the test where the host or the service (or NULL) is unknown. */
static inline void need_names(const char *host, const char *service)
{
	struct addrinfo *list;

	if (getaddrinfo(host, service, NULL, &list) != 0)
		test_skip("this machine does not know the name");
	freeaddrinfo(list);
}

#endif
