// swift-tools-version: 6.2
import PackageDescription

let strict = Context.environment["CI"] != nil

/// What every Swift target of ours is compiled with.
var settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]
if strict { settings.append(.treatAllWarnings(as: .error)) }

/// Modules that never touch a pointer say so to the compiler.
let pure = settings + [.strictMemorySafety()]

/// Imports point one way: a module lists only what it may import, and the tidy test compares.
let package = Package(
  name: "esteira",
  targets: [
    .systemLibrary(name: "COpenSSL", path: "Sources/COpenSSL"),
    .systemLibrary(name: "CWslay", path: "Sources/CWslay"),
    .systemLibrary(name: "CYAML", path: "Sources/CYAML"),
    .systemLibrary(name: "CZlib", path: "Sources/CZlib"),
    .systemLibrary(name: "CXML", path: "Sources/CXML", pkgConfig: "libxml-2.0"),
    .systemLibrary(name: "CArchive", path: "Sources/CArchive"),
    .systemLibrary(name: "CHiredis", path: "Sources/CHiredis"),
    .systemLibrary(name: "CRabbitMQ", path: "Sources/CRabbitMQ"),
    .systemLibrary(name: "CPostgres", path: "Sources/CPostgres", pkgConfig: "libpq"),
    .target(name: "CCurl", path: "Sources/CCurl", linkerSettings: [.linkedLibrary("curl")]),
    .target(name: "CKafka", path: "Sources/CKafka"),
    .target(name: "CODBC", path: "Sources/CODBC"),
    .target(name: "CSQLite", path: "Sources/CSQLite", linkerSettings: [.linkedLibrary("sqlite3")]),
    .target(name: "CLLHTTP", path: "Sources/CLLHTTP", cSettings: [.unsafeFlags(["-w"])]),
    .target(
      name: "CRE2", path: "Sources/CRE2", cxxSettings: [.unsafeFlags(["-std=c++17"])],
      linkerSettings: [.linkedLibrary("re2")]),
    .target(name: "CSystem", path: "Sources/CSystem"),

    .target(name: "Model", swiftSettings: pure, linkerSettings: [.linkedLibrary("m")]),
    .target(name: "Crypto", dependencies: ["COpenSSL"], swiftSettings: settings),
    .target(name: "Expressions", dependencies: ["Model", "Crypto", "CRE2"], swiftSettings: settings),
    .target(
      name: "Pipelines", dependencies: ["Model", "Crypto", "Expressions", "CYAML"], swiftSettings: settings),
    .target(
      name: "Engine", dependencies: ["Model", "Expressions", "Pipelines", "Crypto"], swiftSettings: pure),
    .target(name: "Watchdog", dependencies: ["Model"], swiftSettings: pure),
    .target(name: "Access", dependencies: ["Model", "Crypto"], swiftSettings: pure),
    .target(name: "API", dependencies: ["Model"], swiftSettings: pure),
    .target(
      name: "Net",
      dependencies: [
        "Crypto", "CCurl", "CHiredis", "CKafka", "CLLHTTP", "CODBC", "COpenSSL", "CPostgres", "CRabbitMQ",
        "CSQLite", "CSystem", "CWslay", "CXML", "CZlib",
      ],
      swiftSettings: settings),
    .target(
      name: "Stores",
      dependencies: ["Model", "Pipelines", "Engine", "Watchdog", "Access", "Crypto", "CSQLite", "CSystem"],
      swiftSettings: settings),
    .target(
      name: "Connectors",
      dependencies: [
        "Model", "Expressions", "Pipelines", "Engine", "Net", "Crypto", "CArchive", "CXML", "CSystem",
      ],
      swiftSettings: settings),
    .target(
      name: "Server",
      dependencies: ["Model", "Pipelines", "Engine", "Watchdog", "Access", "API", "Net", "Crypto"],
      swiftSettings: pure),
    .target(
      name: "CLI", dependencies: ["Model", "Expressions", "Pipelines", "API", "Crypto"],
      swiftSettings: settings),
    .executableTarget(
      name: "esteira",
      dependencies: [
        "Model", "Expressions", "Pipelines", "Engine", "Watchdog", "Access", "API", "Net", "Stores",
        "Connectors", "Server", "CLI", "Crypto", "CSystem",
      ], swiftSettings: settings,
      // The names of functions stay, for whoever profiles; the debugger's half of the file goes.
      linkerSettings: [.unsafeFlags(["-Xlinker", "--strip-debug"], .when(configuration: .release))]),
    .executableTarget(
      name: "Bench",
      dependencies: ["Model", "Pipelines", "Engine", "Stores", "Crypto", "CSQLite", "CSystem"],
      path: "bench", exclude: ["peers"], swiftSettings: settings),

    .testTarget(
      name: "ModelTests", dependencies: ["Model"], swiftSettings: settings),
    .testTarget(
      name: "CryptoTests", dependencies: ["Crypto"], swiftSettings: settings),
    .testTarget(
      name: "AccessTests", dependencies: ["Model", "Access", "Crypto", "Stores"], swiftSettings: settings),
    .testTarget(
      name: "WatchdogTests", dependencies: ["Model", "Watchdog", "Stores"], swiftSettings: settings),
    .testTarget(
      name: "StoresConformanceTests", dependencies: ["Model", "Engine", "Stores", "Crypto"],
      path: "Tests/Conformance", swiftSettings: settings),
    .testTarget(
      name: "ExpressionsTests", dependencies: ["Model", "Expressions"], swiftSettings: settings),
    .testTarget(
      name: "AtlasRegTests",
      dependencies: ["Model", "Crypto", "Pipelines", "Engine", "Connectors", "esteira"],
      exclude: ["labelled"],
      swiftSettings: settings),
    .testTarget(
      name: "PipelinesTests", dependencies: ["Model", "Expressions", "Pipelines"], exclude: ["Broken"],
      swiftSettings: settings),
    .testTarget(
      name: "EngineTests",
      dependencies: ["Model", "Expressions", "Pipelines", "Engine", "Stores", "Crypto"],
      exclude: ["Histories"], swiftSettings: settings),
    .testTarget(
      name: "SimulationTests",
      dependencies: ["Model", "Pipelines", "Engine", "Stores", "Crypto"],
      path: "Tests/Simulation", exclude: ["Runner", "Mutants"], swiftSettings: settings),
    .testTarget(
      name: "KillTests", dependencies: ["esteira", "Model", "Stores", "Net", "Crypto"],
      swiftSettings: settings),
    .testTarget(name: "MitrarrTests", dependencies: ["esteira", "Model"], swiftSettings: settings),
    .testTarget(name: "NetTests", dependencies: ["Net", "Crypto", "CSystem"], swiftSettings: settings),
    .testTarget(
      name: "ServerTests",
      dependencies: [
        "Model", "Pipelines", "Engine", "Watchdog", "Access", "API", "Net", "Crypto", "Stores", "Server",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ProgramTests", dependencies: ["esteira"], exclude: ["oidc"], swiftSettings: settings),
    .testTarget(
      name: "EzpocketTests",
      dependencies: ["Model", "Crypto", "Pipelines", "Engine", "Stores", "Connectors", "esteira"],
      swiftSettings: settings),
    .testTarget(
      name: "BlueprintTests", dependencies: ["Model", "Pipelines", "Connectors"], exclude: ["python"],
      swiftSettings: settings),
    .testTarget(
      name: "CLITests", dependencies: ["Model", "API", "CLI"], swiftSettings: settings),
    .testTarget(
      name: "BrokerTests",
      dependencies: [
        "Model", "Crypto", "Pipelines", "Engine", "Stores", "Net", "Connectors", "CSystem", "esteira",
      ], exclude: ["kafka_server.py"],
      swiftSettings: settings),
    .testTarget(name: "BenchTests", dependencies: ["Bench", "Model"], swiftSettings: settings),
    .testTarget(name: "TidyTests", swiftSettings: settings),
    .testTarget(name: "SizeTests", dependencies: ["Model"], swiftSettings: settings),
    .testTarget(
      name: "ConnectorsTests",
      dependencies: [
        "Model", "Engine", "Pipelines", "Watchdog", "Stores", "Net", "Crypto", "Connectors", "esteira",
      ],
      exclude: ["services"],
      swiftSettings: settings),
    .testTarget(
      name: "FuzzTests", dependencies: ["Model", "Expressions", "Pipelines", "Engine", "Net", "Connectors"],
      path: "Tests/Fuzz", exclude: ["CFuzzer", "Driver"], swiftSettings: settings),
  ]
)

// Only `scripts/fuzz.sh` asks for it: the program links the toolchain's fuzzer, and its bodies are the ones
// that the test target runs, so that one of the two has them.
if Context.environment["ESTEIRA_FUZZ"] != nil {
  package.targets.removeAll { $0.name == "FuzzTests" }
  package.targets += [
    .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
    .executableTarget(
      name: "Fuzz",
      dependencies: ["Model", "Expressions", "Pipelines", "Engine", "Net", "Connectors", "CFuzzer"],
      path: "Tests/Fuzz", exclude: ["CFuzzer", "FuzzCaseTests.swift"], swiftSettings: settings),
  ]
}

// Only `scripts/simulate.sh` asks for it: the worlds of the test target, many of them and optimised.
if Context.environment["ESTEIRA_SIMULATE"] != nil {
  let needed = [
    "COpenSSL", "CYAML", "CSQLite", "CRE2", "CSystem", "Model", "Crypto", "Expressions", "Pipelines",
    "Engine", "Watchdog", "Access", "Stores",
  ]
  package.targets.removeAll { !needed.contains($0.name) }
  package.targets += [
    .executableTarget(
      name: "Simulate", dependencies: ["Model", "Pipelines", "Engine", "Stores", "Crypto"],
      path: "Tests/Simulation", exclude: ["SimulationTests.swift", "MutantTests.swift", "Mutants"],
      swiftSettings: settings)
  ]
}

// For a quick look at a part: only these targets, as in `ESTEIRA_PARTS="Net NetTests" swift build
// --build-tests`, with a `--scratch-path` of its own. What they depend on has to be listed too.
if let parts = Context.environment["ESTEIRA_PARTS"]?.split(separator: " ").map(String.init) {
  let ours = package.targets.filter {
    $0.type != .system
      && !["CCurl", "CKafka", "CODBC", "CSQLite", "CLLHTTP", "CRE2", "CSystem"]
        .contains($0.name)
  }
  package.targets.removeAll { target in
    ours.contains { $0.name == target.name } && !parts.contains(target.name)
  }
}
