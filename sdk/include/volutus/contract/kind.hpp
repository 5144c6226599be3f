// The kinds of documents, as a manifest declares them to the store.
#pragma once

#include <volutus/codec.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace volutus::store {

enum class FieldType { string, integer, number, boolean };
BOOST_DESCRIBE_ENUM(FieldType, string, integer, number, boolean)

struct IndexField {
    std::string field; // a key of the body; dots go deeper
    FieldType type = FieldType::string;
    bool several = false; // the body holds an array of strings; any of its values matches
};
BOOST_DESCRIBE_STRUCT(IndexField, (), (field, type, several))

struct UniqueKey {
    std::string space;               // kinds may share a space
    std::vector<std::string> fields; // a document with a null or absent field has no key here
    bool several = false;            // fields.front() is an array: a key for each of its values
};
BOOST_DESCRIBE_STRUCT(UniqueKey, (), (space, fields, several))

struct Reference {
    std::string field;  // holds an id, or an array of ids; null, absent and "" refer to nothing
    std::string kind;   // what it refers to; must exist when written, and cannot be removed while referred to
    bool owned = false; // an ownership edge: this document belongs to the one referred to
};
BOOST_DESCRIBE_STRUCT(Reference, (), (field, kind, owned))

// Lists that the store serves from an index: for each filter (and without one) each sort, within the scope. All are
// indexed fields with one value each.
struct ListIndex {
    std::string scope;                // a field, such as project_id; empty = the whole kind
    std::vector<std::string> filters; // fields compared with ==
    std::vector<std::string> sorts;   // fields; the id breaks ties
};
BOOST_DESCRIBE_STRUCT(ListIndex, (), (scope, filters, sorts))

// While `field` has one of these values - none: while it has any - a task works on the document.
struct Transient {
    std::string field;
    std::vector<std::string> values;
};
BOOST_DESCRIBE_STRUCT(Transient, (), (field, values))

// Where the task that works on a document is, if not on the document itself: on the one of `kind` whose id its `field`
// holds.
struct WorkedOnAt {
    std::string kind, field;
};
BOOST_DESCRIBE_STRUCT(WorkedOnAt, (), (kind, field))

struct Kind {
    std::string name;         // "<service>.<noun>": [a-z0-9_.], at most 60
    std::uint32_t schema = 1; // raised when stored bodies change their meaning
    std::vector<IndexField> indexes;
    std::vector<UniqueKey> unique;
    std::vector<Reference> references;
    std::vector<ListIndex> lists;
    std::vector<std::string> blobs;      // fields that hold ids of blobs, or arrays of them; those blobs are kept
    std::uint64_t tombstone_seconds = 0; // how long removed documents stay readable by Query::removed
    // A document that is worked on is never without a live task: an apply after which it would be is refused as invalid.
    std::vector<Transient> transient;
    bool passing = false; // each of its documents is there only as long as a task works on it
    std::optional<WorkedOnAt> worked_on_at;
};
BOOST_DESCRIBE_STRUCT(Kind, (),
                      (name, schema, indexes, unique, references, lists, blobs, tombstone_seconds, transient, passing,
                       worked_on_at))

} // namespace volutus::store
