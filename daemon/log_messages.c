#include "daemon/log_messages.h"

#include "schema/base.h"

/* clang-format off */
static const struct {
    const char *name, *id;
} messages[MESSAGES] = {
    [MESSAGE_LEFT_OFF] = { "left-off", "8e4847412d5944b1b1fb25fcb9a23938" },
    [MESSAGE_FAILED] = { "failed", "e37050ebb6f74cd390f37786200a419c" },
    [MESSAGE_BLOCKED] = { "blocked", "c2c4d214fcfd4b0394f5e8db37072350" },
    [MESSAGE_DRIFTED] = { "drifted", "14d93c1baa564e7196276ffe20c85dbf" },
    [MESSAGE_DELETED] = { "deleted", "47a70f1c25ab499091a446f858714d33" },
    [MESSAGE_UNANSWERED] = { "unanswered", "974a9d4f62fd49558610ac668803b485" },
    [MESSAGE_UNOBSERVED] = { "unobserved", "caae98ecb6154d32838c16a25eeaf669" },
    [MESSAGE_UNRECORDED] = { "unrecorded", "ca57571c4e584c1ba895a789e9e03de2" },
    [MESSAGE_FLAWED] = { "flawed", "e5632fbc34a0447e8fc472c7ed5917d9" },
    [MESSAGE_CONFIGURATION] = { "configuration", "63a7242bae544ded9effb0d6f9b381f5" },
};
/* clang-format on */

const char *message_name(size_t message)
{
    return message < MESSAGES ? messages[message].name : NULL;
}

const char *message_id(size_t message)
{
    return message < MESSAGES ? messages[message].id : NULL;
}
