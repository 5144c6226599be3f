/* A plugin in C, straight on the border: what the SDK's shim does not do, and, by definitions of the compiler, the
 * plugins that are refused. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <volutus.h>

#ifndef RAW_ABI_MAJOR
#define RAW_ABI_MAJOR "1"
#endif

#ifndef RAW_WITHOUT_MANIFEST
#define MANIFEST                                                                                                       \
    "{\"abi\":{\"major\":" RAW_ABI_MAJOR ",\"minor\":0},\"id\":\"raw\",\"version\":\"1.0.0\",\"sdk\":\"0.1.0\","       \
    "\"provides\":[{\"contract\":\"volutus.test.raw/1\",\"calls\":[\"pending\"]}]}"
__attribute__((section(VLT_MANIFEST_SECTION), used, retain)) static const char manifest[sizeof MANIFEST - 1] = MANIFEST;
#endif

#ifdef RAW_SECOND_SYMBOL
__attribute__((visibility("default"))) int raw_second_symbol = 1;
#endif

static vlt_str text(const char* words) {
    vlt_str out = {words, strlen(words)};
    return out;
}

static void* answer_later(void* argument) {
    vlt_call* call = argument;
    call->progress(call, 500, text("half"));
    call->finish(call, VLT_OK, text("{\"late\":true}"));
    return NULL;
}

static void* fail_later(void* argument) {
    vlt_call* call = argument;
    call->fail(call, VLT_EXHAUSTED, text("nothing is left"), text("{\"left\":0}"));
    call->finish(call, VLT_EXHAUSTED, text(""));
    return NULL;
}

/* The one thread that answers later; joined before the next one is made and before the library is closed. The suite
 * makes such calls one at a time. */
static pthread_t thread;
static int has_thread;

static void join(void) {
    if (has_thread) pthread_join(thread, NULL);
    has_thread = 0;
}

static vlt_status later(vlt_call* call, void* (*answer)(void*)) {
    join();
    if (pthread_create(&thread, NULL, answer, call) != 0) return VLT_INTERNAL;
    has_thread = 1;
    return VLT_PENDING;
}

static int is(vlt_str name, char const* words) {
    return name.size == strlen(words) && !memcmp(name.data, words, name.size);
}

/* A reply of more than a document, which the SDK would not let out. */
static vlt_status oversized(vlt_call* call, vlt_str* reply) {
    char* bytes = call->allocate(call, VLT_DOCUMENT_MAX + 1, 1);
    if (!bytes) return call->fail(call, VLT_INTERNAL, text("no memory"), text(""));
    memset(bytes, ' ', VLT_DOCUMENT_MAX + 1);
    reply->data = bytes;
    reply->size = VLT_DOCUMENT_MAX + 1;
    return VLT_OK;
}

static vlt_status answer(vlt_plugin* self, vlt_call* call, vlt_str contract, vlt_str name, vlt_str request,
                         vlt_str* reply) {
    (void)self, (void)contract, (void)request;
    if (is(name, "pending")) return later(call, answer_later);
    if (is(name, "pending_failure")) return later(call, fail_later);
    if (is(name, "oversized")) return oversized(call, reply);
    if (is(name, "allocate_too_much"))
        return call->allocate(call, UINT64_MAX, 1) || call->allocate(call, 1, 3) ? VLT_OK : VLT_TOO_LARGE;
    return VLT_UNSUPPORTED; /* without a message */
}

static void release(vlt_plugin* self) {
    (void)self;
    join();
}

vlt_status volutus_plugin_1(vlt_host const* host, vlt_call* call, vlt_plugin_ref* out) {
    static vlt_plugin table = {{sizeof(vlt_plugin), VLT_ABI_MAJOR, VLT_ABI_MINOR}, 0, 0, answer, 0, 0, 0, release};
    (void)host, (void)call;
#ifdef RAW_INIT_FAILS
    return call->fail(call, VLT_UNAVAILABLE, text("the backend is not there; start it"),
                      text("{\"backend\":\"none\"}"));
#endif
#ifdef RAW_INIT_HANGS
    while (1) pause();
#endif
#ifdef RAW_WITHOUT_TABLE
    return VLT_OK;
#endif
    out->plugin = &table;
    return VLT_OK;
}
