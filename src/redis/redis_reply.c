// SPDX-License-Identifier: MIT
#include "src/redis/redis_reply.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>

#include "src/base/memory.h"

/* hiredis 1.x counts items in a size_t, and knows types that RESP2 does not have. */
#if HIREDIS_MAJOR >= 1
typedef size_t item_count;
#else
typedef int item_count;
#endif

struct redis_reader {
    redisReader *reader;
    size_t bytes; /* come since the last whole reply, at least of this one */
    size_t items; /* of the reply under way */
    const char *refused;
};

static bool is_power_of_two(size_t n)
{
    return (n & (n - 1)) == 0;
}

/* A place for the item that is read now: in its array, or by itself. Arrays grow with what comes:
 * only the innermost open one does, so what hiredis remembers of the others stays where it is. */
static struct redis_reply *new_item(const redisReadTask *task, enum redis_type type)
{
    struct redis_reader *reader = task->privdata;
    struct redis_reply *item;

    if (reader->items == REPLY_ITEMS_MAX) {
        reader->refused = "a reply of too many items";
        return NULL;
    }
    reader->items++;
    if (task->parent == NULL) {
        item = xmalloc(sizeof *item);
    } else {
        struct redis_reply *array = task->parent->obj;
        struct redis_reply *items = (struct redis_reply *)(uintptr_t)array->items;
        if (is_power_of_two(array->count)) {
            items = xreallocarray(items, array->count == 0 ? 1 : 2 * array->count, sizeof *items);
            array->items = items;
        }
        item = &items[array->count++];
    }
    *item = (struct redis_reply){.type = type};
    return item;
}

static void *refuse_type(const redisReadTask *task)
{
    struct redis_reader *reader = task->privdata;

    reader->refused = "a reply of a type that RESP2 does not have";
    return NULL;
}

static void *on_string(const redisReadTask *task, char *text, size_t len)
{
    bool failure = task->type == REDIS_REPLY_ERROR;
    if (!failure && task->type != REDIS_REPLY_STRING && task->type != REDIS_REPLY_STATUS) {
        return refuse_type(task);
    }
    struct redis_reply *item = new_item(task, failure ? REDIS_FAILURE : REDIS_TEXT);
    if (item != NULL && len != 0) {
        uint8_t *copy = xmalloc(len);
        memcpy(copy, text, len);
        item->text = span_of(copy, len);
    }
    return item;
}

static void *on_array(const redisReadTask *task, item_count count)
{
    return task->type == REDIS_REPLY_ARRAY ? new_item(task, REDIS_ARRAY) : refuse_type(task);
}

static void *on_integer(const redisReadTask *task, long long number)
{
    struct redis_reply *item = new_item(task, REDIS_INTEGER);
    if (item != NULL) {
        item->integer = number;
    }
    return item;
}

static void *on_nil(const redisReadTask *task)
{
    return new_item(task, REDIS_NIL);
}

static void free_content(struct redis_reply *reply)
{
    struct redis_reply *items = (struct redis_reply *)(uintptr_t)reply->items;

    for (size_t i = 0; i < reply->count; i++) {
        free_content(&items[i]); // NOLINT(misc-no-recursion): hiredis nests seven deep
    }
    free(items);
    free((void *)(uintptr_t)reply->text.data);
}

static void free_object(void *object)
{
    redis_reply_free(object);
}

#if HIREDIS_MAJOR >= 1
static void *on_double(const redisReadTask *task, double number, char *text, size_t len)
{
    return refuse_type(task);
}

static void *on_bool(const redisReadTask *task, int value)
{
    return refuse_type(task);
}
#endif

static redisReplyObjectFunctions functions = {
    .createString = on_string,
    .createArray = on_array,
    .createInteger = on_integer,
#if HIREDIS_MAJOR >= 1
    .createDouble = on_double,
    .createBool = on_bool,
#endif
    .createNil = on_nil,
    .freeObject = free_object,
};

struct redis_reader *redis_reader_create(void)
{
    struct redis_reader *reader = xcalloc(1, sizeof *reader);

    reader->reader = xnonnull(redisReaderCreateWithFunctions(&functions));
    reader->reader->privdata = reader;
    return reader;
}

void redis_reader_destroy(struct redis_reader *reader)
{
    if (reader != NULL) {
        redisReaderFree(reader->reader);
        free(reader);
    }
}

int redis_reader_feed(struct redis_reader *reader, struct span data)
{
    if (reader->refused == NULL && data.len > REPLY_BYTES_MAX - reader->bytes) {
        reader->refused = "a reply of too many bytes";
    }
    if (reader->refused != NULL ||
        redisReaderFeed(reader->reader, (const char *)data.data, data.len) != REDIS_OK) {
        return -1;
    }
    reader->bytes += data.len;
    return 0;
}

int redis_reader_next(struct redis_reader *reader, struct redis_reply **reply)
{
    void *got = NULL;

    if (reader->refused != NULL || redisReaderGetReply(reader->reader, &got) != REDIS_OK) {
        return -1;
    }
    if (got == NULL) {
        return 0;
    }
    reader->bytes = reader->reader->len - reader->reader->pos;
    reader->items = 0;
    *reply = got;
    return 1;
}

const char *redis_reader_why(const struct redis_reader *reader)
{
    return reader->refused != NULL ? reader->refused : reader->reader->errstr;
}

void redis_reply_free(struct redis_reply *reply)
{
    if (reply != NULL) {
        free_content(reply);
        free(reply);
    }
}

bool redis_reply_is(const struct redis_reply *reply, const char *text)
{
    return reply->type == REDIS_TEXT && span_eq(reply->text, span_cstr(text));
}

void redis_format(struct bytes *out, const struct span *args, size_t count)
{
    const char **argv = xreallocarray(NULL, count, sizeof *argv);
    size_t *lens = xreallocarray(NULL, count, sizeof *lens);
    char *command = NULL;

    assert(count > 0);
    for (size_t i = 0; i < count; i++) {
        argv[i] = args[i].len == 0 ? "" : (const char *)args[i].data;
        lens[i] = args[i].len;
    }
    long long len = redisFormatCommandArgv(&command, (int)count, argv, lens);
    if (len < 0) {
        abort(); /* out of memory: it knows no other way to fail */
    }
    bytes_add(out, command, (size_t)len);
    redisFreeCommand(command);
    free(argv);
    free(lens);
}
