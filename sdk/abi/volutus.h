/* volutus.h: the border between the cloud kernel and its plugins.
 *
 * C11, also valid C++11. Nothing but what stands here crosses: pointers with lengths, fixed-width integers and
 * tables of functions. Rules that hold for ten years:
 *  - every table starts with a vlt_head; a table is appended to and never reordered or retyped;
 *  - a slot that lies beyond head.size, or is null, means "not supported": test with VLT_HAS before use;
 *  - inputs are borrowed for the call; outputs live in the call's arena; nobody frees the other side's memory;
 *  - no exception, signal or longjmp crosses; documents are UTF-8 JSON of at most VLT_DOCUMENT_MAX bytes;
 *  - each slot names its threading: any-thread (at any time from any thread), concurrent (several calls at once,
 *    each on its own thread) or serialised (one at a time; the caller orders them).
 */
#ifndef VOLUTUS_H
#define VOLUTUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VLT_ABI_MAJOR 1
#define VLT_ABI_MINOR 1
#define VLT_DOCUMENT_MAX (256u * 1024u)
#define VLT_ENTRY_SYMBOL "volutus_plugin_1"
#define VLT_MANIFEST_SECTION ".volutus.manifest"

typedef struct vlt_str { const char* data; uint64_t size; } vlt_str;   /* UTF-8, not terminated */
typedef struct vlt_span { void* data; uint64_t size; } vlt_span;       /* writable bytes */

typedef struct vlt_head { uint32_t size; uint16_t major; uint16_t minor; } vlt_head;

/* Does table T (a pointer) hold the slot S? */
#define VLT_HAS(T, S) \
    ((T)->head.size >= offsetof(__typeof__(*(T)), S) + sizeof((T)->S) && (T)->S != 0)

/* Outcome of a call. Never an enum, so that its size is fixed. A reader treats an unknown positive value as
 * VLT_INTERNAL. */
typedef int32_t vlt_status;
#define VLT_OK 0
#define VLT_PENDING (-1)        /* the callee answers later, through vlt_call.finish */
#define VLT_INVALID 1           /* the request is malformed or out of range */
#define VLT_UNAUTHENTICATED 2
#define VLT_FORBIDDEN 3
#define VLT_NOT_FOUND 4
#define VLT_CONFLICT 5          /* the state of things forbids it now */
#define VLT_PRECONDITION 6      /* an expected revision was not met; read again and retry */
#define VLT_TOO_LARGE 7
#define VLT_OVER_QUOTA 8        /* a tenant's limit */
#define VLT_EXHAUSTED 9         /* no capacity left in the backend or pool */
#define VLT_UNSUPPORTED 10      /* optional call that this provider does not have */
#define VLT_UNAVAILABLE 11      /* try again later; nothing was done */
#define VLT_DEADLINE 12
#define VLT_CANCELLED 13
#define VLT_STALE 14            /* a newer epoch owns the resource */
#define VLT_NOT_EXECUTED 15     /* the link failed before the callee saw the call */
#define VLT_UNKNOWN_OUTCOME 16  /* the link failed after the callee may have seen the call */
#define VLT_INTERNAL 17
#define VLT_RATE_LIMITED 18

typedef struct vlt_call vlt_call;
typedef struct vlt_host vlt_host;
typedef struct vlt_plugin vlt_plugin;
typedef struct vlt_stream vlt_stream;

/* A byte stream beside a document. Serialised per direction. Counts may be short; read gives 0 bytes at the end. */
struct vlt_stream {
    vlt_head head;
    vlt_status (*read)(vlt_stream*, vlt_span into, uint64_t* count);
    vlt_status (*write)(vlt_stream*, vlt_str bytes, uint64_t* count);
    vlt_status (*close)(vlt_stream*);
    /* Hands over bulk bytes as an open descriptor (regular file, socket or pipe). length 0 means to the end.
     * With owned != 0 the receiver closes fd, also when this slot fails. */
    vlt_status (*give_fd)(vlt_stream*, int32_t fd, uint64_t offset, uint64_t length, int32_t owned);
    /* Takes such a descriptor when the other end gave one; VLT_UNSUPPORTED when there are only bytes to read. */
    vlt_status (*take_fd)(vlt_stream*, int32_t* fd, uint64_t* offset, uint64_t* length);
};

/* Which durable operation a call belongs to, and who may still make it. A callee that changes something answers
 * the same to the same (task, step, attempt) and refuses a lower epoch than the highest it has seen for the
 * resource. All empty outside a task. */
typedef struct vlt_operation {
    vlt_str task;       /* UUID of the task */
    vlt_str step;       /* name of the step; an undo is "undo:" and the step's name */
    uint64_t attempt;   /* counts the tries of this step, from 1 */
    uint64_t epoch;     /* raised by every lease of the task; 0 = not fenced */
} vlt_operation;

/* One call. Made by the caller's side, alive until the callee returned something other than VLT_PENDING or
 * called finish. */
struct vlt_call {
    vlt_head head;
    void* (*allocate)(vlt_call*, uint64_t size, uint64_t alignment);          /* serialised; null when refused */
    vlt_status (*fail)(vlt_call*, vlt_status code, vlt_str message, vlt_str details); /* serialised; returns code.
                                                                                  details: JSON object or empty */
    int32_t (*cancelled)(const vlt_call*);                                    /* any-thread; 0 = go on */
    int64_t (*deadline)(const vlt_call*);   /* any-thread; nanoseconds of CLOCK_MONOTONIC, INT64_MAX = none */
    void (*progress)(vlt_call*, uint32_t permille, vlt_str what);             /* any-thread */
    vlt_str (*caller)(const vlt_call*);     /* any-thread; JSON: who is asking, see volutus/context.hpp */
    vlt_str (*trace)(const vlt_call*);      /* any-thread; the request id, carried through every nested call */
    vlt_operation (*operation)(const vlt_call*);                              /* any-thread */
    vlt_stream* (*input)(vlt_call*);        /* serialised; null = the call has no byte stream */
    vlt_stream* (*output)(vlt_call*);       /* serialised; null = the caller takes no byte stream */
    void (*finish)(vlt_call*, vlt_status status, vlt_str reply);              /* any-thread, once */
    /* Since 1.1. W3C trace context, as the headers of these names carry it. What the callee asks of others goes on within
     * it: its span is this call. Empty: nobody traces the call. */
    vlt_str (*traceparent)(const vlt_call*);                                  /* any-thread */
    vlt_str (*tracestate)(const vlt_call*);                                   /* any-thread */
};

/* What the kernel gives to a plugin; valid from volutus_plugin_1 to the end of release. */
struct vlt_host {
    vlt_head head;
    /* Calls a contract: the kernel's own (volutus.store/1, ...) or any plugin's. target names one provider where
     * several have the contract, empty otherwise. within is the call being served, or one that begin made; the nested
     * call inherits its caller, trace, operation and deadline. On failure *reply is the error document
     * {"code","message","details"}. The reply lives until the next call within, or the end of it. Concurrent, but
     * serialised for one within. */
    vlt_status (*call)(const vlt_host*, vlt_call* within, vlt_str contract, vlt_str name, vlt_str target,
                       vlt_str request, vlt_stream* input, vlt_stream* output, vlt_str* reply);
    /* A call of the plugin's own, for work that no caller waits for; end frees it. deadline as vlt_call.deadline.
     * Any-thread. */
    vlt_call* (*begin)(const vlt_host*, int64_t deadline, vlt_str trace);
    void (*end)(const vlt_host*, vlt_call*);
    void (*log)(const vlt_host*, int32_t level, vlt_str message, vlt_str fields); /* any-thread; level as syslog;
                                                                                     fields: JSON object or empty */
    void (*retain)(const vlt_host*);    /* any-thread: keeps the plugin loaded while work of it is under way */
    void (*release)(const vlt_host*);   /* any-thread */
};

/* What a plugin gives to the kernel. */
struct vlt_plugin {
    vlt_head head;
    vlt_status (*configure)(vlt_plugin*, vlt_call*, vlt_str config);  /* serialised; JSON, valid by the schema */
    vlt_status (*start)(vlt_plugin*, vlt_call*);                      /* serialised; other plugins may be called */
    vlt_status (*call)(vlt_plugin*, vlt_call*, vlt_str contract, vlt_str name, vlt_str request,
                       vlt_str* reply);                               /* concurrent */
    vlt_status (*quiesce)(vlt_plugin*, vlt_call*);                    /* serialised; finish work, stop threads */
    vlt_status (*snapshot)(vlt_plugin*, vlt_call*, vlt_str* state);   /* serialised; what restore understands */
    vlt_status (*restore)(vlt_plugin*, vlt_call*, vlt_str state);     /* serialised; before start */
    void (*release)(vlt_plugin*);                                     /* serialised; the last call */
};

typedef struct vlt_plugin_ref { vlt_plugin* plugin; } vlt_plugin_ref;

/* The one exported symbol of a plugin. */
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
vlt_status volutus_plugin_1(const vlt_host* host, vlt_call* call, vlt_plugin_ref* out);

#ifdef __cplusplus
}
#endif
#endif
