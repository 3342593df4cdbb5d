import API
import Model
import Pipelines

/// A pipeline file on this machine, compiled with what this build can do.
struct PipelineFile: Sendable {
  /// As the user wrote it.
  var name: String
  var source: [UInt8]
  var compilation: Compilation

  /// `standIns`: steps that will not be performed, so that nobody needs to have their connectors.
  static func load(
    _ name: String, _ call: Invocation, offline: Bool = false, standIns: [String] = []
  ) throws -> PipelineFile {
    let source = try call.readInput(name)
    let folder = folder(of: name)
    let compiler = PipelineCompiler(
      connectors: call.bench.connectors, zones: call.bench.zones, offline: offline, standIns: standIns)
    let compilation = compiler.compile(
      source,
      // A missing file is a finding of the compiler, which knows the key that names it.
      readFile: { path in try? LocalFile.read(inside(folder, path)) })
    return PipelineFile(name: name, source: source, compilation: compilation)
  }

  /// Shows every finding but those that `apply` notes; throws exit 2 where the file is not valid, and
  /// `not-available` where only this build is in its way.
  func demandValid(_ call: Invocation) throws -> Plan {
    if let refusal = compilation.refusal { throw refusal }
    for finding in compilation.findings where finding.missing?.consequence != .idle {
      call.console.error(finding.rendered(file: name, language: call.language))
    }
    guard let plan = compilation.plan else { throw SilentExit(code: .usage) }
    return plan
  }

  /// The same for what is only looked at: connectors that a server may have are taken as given.
  func demandOutline(_ call: Invocation) throws -> Plan {
    for finding in compilation.findings where finding.severity == .error || !call.isQuiet {
      call.console.error(finding.rendered(file: name, language: call.language))
    }
    guard !compilation.hasErrors, let plan = compilation.outline else { throw SilentExit(code: .usage) }
    return plan
  }

  /// What travels: the source, and the files that its plan names.
  func wire() throws -> SourceFile {
    var (files, total): ([AttachedFile], Int) = ([], 0)
    for path in compilation.plan?.files ?? [] {
      let full = try Self.inside(Self.folder(of: name), path)
      let bytes = try LocalFile.read(full)
      total += bytes.count
      guard total <= AttachedFile.totalLimit else { throw Self.tooLarge }
      files.append(AttachedFile(path: path, bytes: bytes, isExecutable: LocalFile.isExecutable(full)))
    }
    return SourceFile(name: name, source: String(decoding: source, as: UTF8.self), files: files)
  }

  var identifier: String? { compilation.plan.map { "\($0.namespace)~\($0.name)" } }

  private static func folder(of name: String) -> String {
    guard name != "-", let slash = name.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    let folder = String(name[..<slash])
    return folder.isEmpty ? "/" : folder
  }

  /// The path of a file beside the pipeline; a way out of the folder, also by a link, is refused.
  private static func inside(_ folder: String, _ path: String) throws(Problem) -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let full = "\(folder)/\(path)"
    guard !parts.contains(".."), path.utf8.first != UInt8(ascii: "/") else { throw outside(path) }
    guard let real = LocalFile.realPath(full), let root = LocalFile.realPath(folder) else { return full }
    guard real.hasPrefix(root == "/" ? "/" : root + "/") else { throw outside(path) }
    return real
  }

  private static func outside(_ path: String) -> Problem {
    Problem(
      "file-outside",
      Bilingual("\(path) lies outside the pipeline's folder.", pt: "\(path) está fora da pasta do pipeline."),
      remedy: Bilingual("Move it beside the pipeline file.", pt: "Mova-o para junto do arquivo do pipeline."))
  }

  private static let tooLarge = Problem(
    "files-too-large",
    Bilingual(
      "The files beside the pipeline are larger than 16 MiB together.",
      pt: "Os arquivos ao lado do pipeline somam mais de 16 MiB."),
    remedy: Bilingual("Fetch large data in a step.", pt: "Busque dados grandes em um passo."))
}
