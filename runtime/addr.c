/* SPDX-License-Identifier: MIT
 *
 * Numbers are read right here; a name goes to getaddrinfo on a helper thread, since that may wait
 * for other machines and wants more stack than a coroutine has.
 */
#include "runtime/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "runtime/blocking.h"
#include "runtime/probe.h"
#include "runtime/sched.h"

_Static_assert(sizeof(struct weft__addr) == sizeof(struct weft_addr), "one is seen as the other");
_Static_assert(_Alignof(struct weft__addr) <= _Alignof(struct weft_addr), "as above");

#define HOST_MOST 254 /* a name in the DNS has 253 characters at most */
#define PORT_MOST 33

/* What is between the colons. */
struct text {
	enum weft__net net;
	const char *path; /* of WEFT__UNIX; else */
	char host[HOST_MOST];
	char port[PORT_MOST];
};

/* ---- Taking text apart ------------------------------------------------------------------------
 */

static bool copy(char *to, size_t size, const char *from, size_t n)
{
	if (n >= size)
		return false;
	memcpy(to, from, n);
	to[n] = '\0';
	return true;
}

/* "host:port", "[::1]:port" or ":port". */
static int parse_host(const char *s, struct text *t)
{
	const char *colon = strrchr(s, ':'), *host = s;
	size_t n;

	if (!colon || !colon[1])
		return -EINVAL;
	n = (size_t)(colon - s);
	if (n > 0 && s[0] == '[') {
		if (n < 2 || s[n - 1] != ']')
			return -EINVAL;
		host++;
		n -= 2;
	} else if (memchr(s, ':', n)) {
		return -EINVAL; /* an IPv6 address without brackets: where does it end? */
	}
	if (!copy(t->host, sizeof(t->host), host, n) ||
		!copy(t->port, sizeof(t->port), colon + 1, strlen(colon + 1)))
		return -ENAMETOOLONG;
	return 0;
}

static int parse(const char *s, struct text *t)
{
	if (strncmp(s, "unix:", 5) == 0) {
		t->net = WEFT__UNIX;
		t->path = s + 5;
		return *t->path ? 0 : -EINVAL;
	}
	if (strncmp(s, "tcp:", 4) == 0)
		t->net = WEFT__TCP;
	else if (strncmp(s, "udp:", 4) == 0)
		t->net = WEFT__UDP;
	else
		return -EINVAL;
	return parse_host(s + 4, t);
}

/* ---- Numbers ----------------------------------------------------------------------------------
 */

static bool parse_port(const char *s, uint16_t *ret_port)
{
	unsigned n = 0;

	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		n = n * 10 + (unsigned)(*s - '0');
		if (n > 65535)
			return false;
	}
	*ret_port = htons((uint16_t)n);
	return true;
}

/* As getaddrinfo sees it, which takes signs and blanks, and a port modulo 65536. */
static bool is_number(const char *s)
{
	return s[strspn(s, " \t\n\v\f\r+-0123456789")] == '\0';
}

static void add_v4(struct weft__addrs *all, enum weft__net net, struct in_addr ip, uint16_t port)
{
	struct weft__addr *a = &all->list[all->count++];
	struct sockaddr_in *sa = (struct sockaddr_in *)&a->sa;

	a->net = net;
	a->len = sizeof(*sa);
	*sa = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port, .sin_addr = ip};
}

static void add_v6(struct weft__addrs *all, enum weft__net net, const struct in6_addr *ip,
	uint16_t port, uint32_t scope)
{
	struct weft__addr *a = &all->list[all->count++];
	struct sockaddr_in6 *sa = (struct sockaddr_in6 *)&a->sa;

	a->net = net;
	a->len = sizeof(*sa);
	*sa = (struct sockaddr_in6){.sin6_family = AF_INET6,
		.sin6_port = port,
		.sin6_addr = *ip,
		.sin6_scope_id = scope};
}

/* "fe80::1%eth0": which link is meant. False: there is no such. */
static bool take_scope(char *host, uint32_t *ret_scope)
{
	char *percent = strchr(host, '%');
	uint16_t number;

	*ret_scope = 0;
	if (!percent)
		return true;
	*percent++ = '\0';
	*ret_scope = if_nametoindex(percent);
	if (*ret_scope == 0 && *percent && parse_port(percent, &number))
		*ret_scope = ntohs(number);
	return *ret_scope != 0;
}

/* 1, 0: not without help, or -EINVAL. */
static int from_numbers(const struct text *t, bool listen, struct weft__addrs *all)
{
	char host[HOST_MOST];
	struct in6_addr v6;
	struct in_addr v4;
	uint32_t scope;
	uint16_t port;

	if (!parse_port(t->port, &port))
		return is_number(t->port) ? -EINVAL : 0;
	if (!t->host[0]) {
		v6 = listen ? (struct in6_addr)IN6ADDR_ANY_INIT
			    : (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
		v4.s_addr = htonl(listen ? INADDR_ANY : INADDR_LOOPBACK);
		/* A listener on :: takes both; only one of the two is to be had beside it. */
		if (listen)
			add_v6(all, t->net, &v6, port, 0);
		add_v4(all, t->net, v4, port);
		if (!listen)
			add_v6(all, t->net, &v6, port, 0);
		return 1;
	}
	if (inet_pton(AF_INET, t->host, &v4) == 1) {
		add_v4(all, t->net, v4, port);
		return 1;
	}
	memcpy(host, t->host, sizeof(host));
	if (!take_scope(host, &scope) || inet_pton(AF_INET6, host, &v6) != 1)
		return 0;
	add_v6(all, t->net, &v6, port, scope);
	return 1;
}

static int from_path(const char *path, struct weft__addrs *all)
{
	struct weft__addr *a = &all->list[all->count++];
	struct sockaddr_un *sa = (struct sockaddr_un *)&a->sa;
	size_t n = strlen(path);
	bool abstract = path[0] == '@';

	if (n >= sizeof(sa->sun_path))
		return -ENAMETOOLONG;
	*sa = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(sa->sun_path, path, n);
	if (abstract)
		sa->sun_path[0] = '\0';
	a->net = WEFT__UNIX;
	a->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + !abstract);
	return 0;
}

/* ---- Names ------------------------------------------------------------------------------------
 */

/* The job of a look-up, which owns it. */
struct lookup {
	struct text text;
	bool listen;
	struct weft__addrs *found;
};

static int meaning(int r)
{
	switch (r) {
	case EAI_NONAME:
	case EAI_SERVICE:
#ifdef EAI_NODATA
	case EAI_NODATA:
#endif
#ifdef EAI_ADDRFAMILY
	case EAI_ADDRFAMILY:
#endif
		return -ENOENT;
	case EAI_MEMORY:
		return -ENOMEM;
	case EAI_SYSTEM:
		return errno ? -errno : -EIO;
	default:
		return -EIO;
	}
}

static int look_up(void *arg)
{
	struct lookup *l = arg;
	struct addrinfo hints = {.ai_flags = l->listen ? AI_PASSIVE : 0,
		.ai_socktype = l->text.net == WEFT__TCP ? SOCK_STREAM : SOCK_DGRAM};
	struct addrinfo *list;
	int r = getaddrinfo(l->text.host[0] ? l->text.host : NULL, l->text.port, &hints, &list);

	if (r != 0)
		return meaning(r);
	for (struct addrinfo *i = list; i && l->found->count < WEFT__ADDRS_MOST; i = i->ai_next) {
		if (i->ai_family == AF_INET || i->ai_family == AF_INET6)
			weft__addr_set((struct weft_addr *)&l->found->list[l->found->count++],
				l->text.net, i->ai_addr, i->ai_addrlen);
	}
	freeaddrinfo(list);
	return l->found->count ? 0 : -ENOENT;
}

static void drop_lookup(void *arg)
{
	struct lookup *l = arg;

	free(l->found);
	free(l);
}

static int from_names(
	const struct text *t, bool listen, int64_t until, struct weft__addrs **ret_addrs)
{
	struct lookup *l = malloc(sizeof(*l));
	int r, code = 0;

	if (!l)
		return -ENOMEM;
	l->text = *t;
	l->listen = listen;
	l->found = calloc(1, sizeof(*l->found));
	if (!l->found) {
		free(l);
		return -ENOMEM;
	}
	r = weft__blocking(look_up, l, drop_lookup, &code, until);
	if (r < 0)
		return r;
	if (code < 0) {
		drop_lookup(l);
		return code;
	}
	*ret_addrs = l->found;
	free(l);
	return 0;
}

int weft__addrs_find(const char *s, bool listen, int64_t until, struct weft__addrs **ret_addrs)
{
	struct weft__addrs *all;
	struct text t = {.net = WEFT__TCP};
	int r = parse(s, &t);

	if (r < 0)
		return r;
	all = calloc(1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	if (t.net == WEFT__UNIX) {
		r = from_path(t.path, all);
	} else {
		r = from_numbers(&t, listen, all);
		if (r == 0) {
			free(all);
			return from_names(&t, listen, until, ret_addrs);
		}
	}
	if (r < 0)
		free(all);
	else
		*ret_addrs = all;
	return r;
}

/* ---- For programs -----------------------------------------------------------------------------
 */

void weft__addr_set(struct weft_addr *addr, enum weft__net net, const void *sa, socklen_t len)
{
	struct weft__addr *a = (struct weft__addr *)addr;

	*a = (struct weft__addr){.net = net};
	a->len = len < sizeof(a->sa) ? len : sizeof(a->sa);
	memcpy(&a->sa, sa, a->len);
}

/* A part of the public functions, whose callers' places it notes. */
static inline __attribute__((always_inline)) int find(
	const char *text, struct weft_addr *ret_addr, int64_t until)
{
	struct weft__addrs *all;
	int r;

	weft__trace_at(weft__self("weft_addr_find"));
	r = weft__addrs_find(text, false, until, &all);
	if (r < 0)
		return r;
	memcpy(ret_addr, &all->list[0], sizeof(*ret_addr));
	free(all);
	return 0;
}

int weft_addr_find_until(const char *text, struct weft_addr *ret_addr, int64_t until)
{
	return find(text, ret_addr, until);
}

int weft_addr_find(const char *text, struct weft_addr *ret_addr)
{
	return find(text, ret_addr, WEFT_NEVER);
}

static int unix_text(const struct weft__addr *a, char *text, size_t size)
{
	const struct sockaddr_un *sa = (const struct sockaddr_un *)&a->sa;
	size_t head = offsetof(struct sockaddr_un, sun_path), n = a->len > head ? a->len - head : 0;

	if (n == 0) /* a client that has no name */
		return snprintf(text, size, "unix:");
	if (sa->sun_path[0] == '\0')
		return snprintf(text, size, "unix:@%.*s", (int)n - 1, sa->sun_path + 1);
	return snprintf(text, size, "unix:%.*s", (int)n, sa->sun_path);
}

int weft_addr_text(const struct weft_addr *addr, char *text, size_t size)
{
	const struct weft__addr *a = (const struct weft__addr *)addr;
	const char *net = a->net == WEFT__UDP ? "udp" : "tcp";
	char ip[INET6_ADDRSTRLEN], scope[IF_NAMESIZE + 1] = "";
	int n;

	if (a->sa.ss_family == AF_INET) {
		const struct sockaddr_in *sa = (const struct sockaddr_in *)&a->sa;

		inet_ntop(AF_INET, &sa->sin_addr, ip, sizeof(ip));
		n = snprintf(text, size, "%s:%s:%u", net, ip, ntohs(sa->sin_port));
	} else if (a->sa.ss_family == AF_INET6) {
		const struct sockaddr_in6 *sa = (const struct sockaddr_in6 *)&a->sa;

		inet_ntop(AF_INET6, &sa->sin6_addr, ip, sizeof(ip));
		if (sa->sin6_scope_id)
			snprintf(scope, sizeof(scope), "%%%u", sa->sin6_scope_id);
		n = snprintf(text, size, "%s:[%s%s]:%u", net, ip, scope, ntohs(sa->sin6_port));
	} else if (a->sa.ss_family == AF_UNIX) {
		n = unix_text(a, text, size);
	} else {
		return -EAFNOSUPPORT;
	}
	return (size_t)n < size ? 0 : -ENOSPC;
}
