/* Reading a contract file, with all its problems at once. Main thread; may block (files). */
#ifndef SCHEMALATCH_CONTRACT_READ_H
#define SCHEMALATCH_CONTRACT_READ_H

#include "../problems.h"
#include "wanted.h"

/* Adds what the file wants, and ends wanted. Where problems were added, wanted is of no use but to
 * wanted_done. */
void contract_read(const char *path, struct wanted *wanted, struct problems *problems);

#endif
