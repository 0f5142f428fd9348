"""proto_cc_library: C++ from a .proto by the system's protoc.

native.cc_proto_library wants protobuf's own Bazel sources, which a system package doesn't have.
"""

def proto_cc_library(name, src, visibility, deps = [], proto_deps = []):
    """A cc_library named `name` from the single file `src`.

    Args:
      name: the library.
      src: the .proto file; its import path is its path from the workspace root.
      visibility: as everywhere.
      deps: proto_cc_library targets that `src` imports.
      proto_deps: the .proto files that `src` imports, as labels.
    """
    base = src[:-len(".proto")]
    native.genrule(
        name = name + "_generate",
        srcs = [src] + proto_deps,
        outs = [base + ".pb.h", base + ".pb.cc"],
        cmd = "protoc -I. --cpp_out=$(GENDIR) $(location %s)" % src,
        message = "Generating C++ for",
    )
    native.cc_library(
        name = name,
        srcs = [base + ".pb.cc"],
        hdrs = [base + ".pb.h"],
        copts = ["-w"],
        visibility = visibility,
        deps = deps + ["//third_party:protobuf"],
    )
