/* SPDX-License-Identifier: MIT
 *
 * The id of an imported trace, by libcrypto. See digest.h; nodigest.c is for builds without it.
 */
#include "tracer/formats/digest.h"

#include <errno.h>
#include <string.h>

#include <openssl/evp.h>

static int update(EVP_MD_CTX *context, struct weft_input *input)
{
	while (weft_input_peek(input) >= 0) {
		if (!EVP_DigestUpdate(context, input->buf + input->pos, input->len - input->pos))
			return -ENOMEM;
		input->pos = input->len;
	}
	return input->error;
}

int weft_digest(struct weft_input *input, struct weft_header *header)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t all[EVP_MAX_MD_SIZE];
	int rc = weft_input_seek(input, &(struct weft_place){0, 1});

	if (rc == 0 && (!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL)))
		rc = -ENOMEM;
	if (rc == 0)
		rc = update(context, input);
	if (rc == 0 && !EVP_DigestFinal_ex(context, all, NULL))
		rc = -ENOMEM;
	EVP_MD_CTX_free(context);
	if (rc < 0)
		return rc;
	memcpy(header->id, all, sizeof(header->id));
	header->has_id = true;
	return 0;
}
