import Model
import Pipelines

@testable import Connectors

/// A file is compiled or told what is wrong with it, each finding at a place that exists.
enum PipelineBody {
  static let zones = ZoneDatabase { name in SmallFile.read("/usr/share/zoneinfo/\(name)", limit: 1 << 20) }

  private static let compilers = [false, true].map {
    PipelineCompiler(connectors: Catalog.descriptions, zones: zones, offline: $0)
  }

  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    for compiler in compilers { try check(compiler.compile(bytes) { $0 == "missing.py" ? nil : [] }, bytes) }
  }

  private static func check(_ compilation: Compilation, _ bytes: [UInt8]) throws(Broken) {
    try promise(
      compilation.plan == nil || !compilation.hasErrors, "A plan was made of a file with errors.")
    let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
    for finding in compilation.findings {
      try promise(
        (1...lines).contains(finding.line) && finding.column >= 1,
        "\(finding.code) is at \(finding.line):\(finding.column) of \(lines) lines.")
      let shown = finding.rendered(file: "f", language: .portuguese).split(separator: "\n")
      try promise(!shown.isEmpty, "\(finding.code) shows nothing.")
    }
  }
}
