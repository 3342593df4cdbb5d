import Foundation
import Model
import Net
import Synchronization
import Testing

private enum CCompiler {
  static let path = ["/usr/bin/cc", "/usr/bin/gcc", "/usr/bin/clang", "/opt/swift/usr/bin/clang"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }
}

/// MLflow CVE-2026-64849 and its like: a name that leads outside at first, and to this machine when the
/// outside does not answer.
@Suite(
  "Attacks by names with an address inside", .timeLimit(.minutes(2)),
  .enabled(if: CCompiler.path != nil, "needs a C compiler"))
struct RebindingAttackTests {

  /// A resolver and a network: the name has two addresses, 1.1.1.1, where nobody answers, and 127.0.0.1,
  /// which is taken then.
  private static let resolver = """
    #define _GNU_SOURCE
    #include <arpa/inet.h>
    #include <dlfcn.h>
    #include <errno.h>
    #include <netdb.h>
    #include <string.h>
    int getaddrinfo(
        const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
      int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        dlsym(RTLD_NEXT, "getaddrinfo");
      if (!name || strcmp(name, "rebind.example")) return next(name, service, hints, found);
      int failed = next("1.1.1.1", service, hints, found);
      struct addrinfo *last = failed ? NULL : *found;
      while (last && last->ai_next) last = last->ai_next;
      return failed ? failed : next("127.0.0.1", service, hints, &last->ai_next);
    }
    int connect(int file, const struct sockaddr *address, socklen_t size) {
      int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
      if (address->sa_family == AF_INET &&
          ((const struct sockaddr_in *)address)->sin_addr.s_addr == inet_addr("1.1.1.1")) {
        errno = ECONNREFUSED;
        return -1;
      }
      return next(file, address, size);
    }
    """

  @Test("each address that is connected to is looked at: the second one of a name is refused")
  func secondAnswer() async throws {
    let visits = Mutex(0)
    let inner = try HTTPServer(.tcp(IPAddress(v4: 0x7F00_0001), port: 0)) { _ in
      visits.withLock { $0 += 1 }
      return HTTPResponse(status: 200, body: .bytes(Array("inner".utf8)))
    }
    let installation = try Installation()
    let library = installation.place("rebind.so")
    try installation.write("rebind.c", Self.resolver)
    let compiler = try #require(CCompiler.path)
    let words = [compiler, "-shared", "-fPIC", "-o", library, installation.place("rebind.c"), "-ldl"]
    #expect(try installation.run(words).status == 0)
    try installation.write("fetch.yaml", Self.pipeline(port: try #require(inner.port)))
    let server = try installation.startServer(["LD_PRELOAD": library, "ESTEIRA_LISTEN": "none"])
    defer { server.stop() }
    #expect(try installation.run("pipeline", "apply", installation.place("fetch.yaml")).status == 0)
    let job = try installation.run("job", "start", "demo/fetch", "--watch", "-o", "id").output
      .split(separator: "\n").first.map(String.init)
    let events = try installation.run("job", "events", try #require(job), "-o", "json").output
    #expect(events.contains("egress-refused") && !events.contains("inner"), "\(events)")
    #expect(visits.withLock { $0 } == 0)
    await inner.stop(grace: .zero)
  }

  private static func pipeline(port: UInt16) -> String {
    """
    apiVersion: esteira/v1
    id: fetch
    namespace: demo
    steps:
      fetch:
        uses: http.request
        with: {url: "http://rebind.example:\(port)/"}

    """
  }
}
