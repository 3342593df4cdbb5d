import CSystem
import Engine
import Glibc
import Model

/// The places of one script, inside the attempt's work folder; the engine removes it with all in it.
struct ScriptFolder: Sendable {
  let root: String
  /// The current folder of the program, and its HOME.
  var work: String { root + "/work" }
  var artifacts: String { root + "/artifacts" }
  var data: String { root + "/data.json" }
  var output: String { root + "/output.json" }
  var input: String { root + "/stdin" }
  var script: String { root + "/script" }
  private var placed: String { root + "/files" }

  /// What `ESTEIRA_FILES` names: the files beside the pipeline themselves, or a folder with links to them
  /// and what `files` adds.
  func files(of input: ScriptInput, besidePipeline: String?) -> String {
    input.files.isEmpty ? besidePipeline ?? placed : placed
  }

  /// Makes the folders and writes `data`, the inline script and the input. Blocks.
  func write(_ input: ScriptInput, besidePipeline: String?) throws(Failure) {
    for folder in [work, artifacts, placed] where !Folders.make(folder) { throw .workFolder(errno) }
    try write(input.data.serialized(), to: data)
    if case .run(let text) = input.source { try write(Array(text.utf8), to: script) }
    if let value = input.input, ArtifactHandle(value) == nil {
      try write(Array(ScriptInput.plain(value).utf8), to: self.input)
    }
    if !input.files.isEmpty, let besidePipeline {
      for name in Folders.names(in: besidePipeline) {
        symlink("\(besidePipeline)/\(name)", "\(placed)/\(name)")
      }
    }
  }

  /// Puts what `files` names into its place.
  func place(_ input: ScriptInput, of attempt: Attempt) async throws(Failure) {
    for (name, file) in input.files {
      let target = "\(placed)/\(name)"
      let folder = target.lastIndex(of: "/").map { String(target[..<$0]) } ?? placed
      let isReady = await OwnThread.run {
        unlink(target)
        return Folders.make(folder)
      }
      guard isReady else { throw .workFolder(errno) }
      switch file {
      case .artifact(let handle): try await attempt.services.fetchArtifact(handle.sha256, target)
      case .besidePipeline(let path):
        guard let files = attempt.files, symlink("\(files)/\(path)", target) == 0, access(target, R_OK) == 0
        else {
          throw Failure(
            .configuration, code: "file-not-found",
            "There is no file `\(path)` beside the pipeline; add it and apply the pipeline again.")
        }
      }
    }
    if let value = input.input, let handle = ArtifactHandle(value) {
      try await attempt.services.fetchArtifact(handle.sha256, self.input)
    }
  }

  private func write(_ bytes: [UInt8], to path: String) throws(Failure) {
    let descriptor = esteira_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .workFolder(errno) }
    defer { close(descriptor) }
    guard AtomicFile.writeAll(bytes, to: descriptor) else { throw .workFolder(errno) }
  }
}

extension Failure {
  /// The disk is full, or the folder not ours: trying again later may help.
  static func workFolder(_ number: Int32) -> Failure {
    Failure(
      .transient, code: "work-folder",
      "The work folder of the attempt cannot be written (\(SystemError.text(number))).")
  }
}
