import Engine
import Glibc
import Model

/// One attempt of a script: the way that `shell`, `python` and `process.run` share.
struct ScriptRun: Sendable {
  let attempt: Attempt
  let input: ScriptInput
  let children: ChildProcesses
  /// Which program a script or a file runs with; gets the file's path. Blocks.
  let command: @Sendable (ScriptInput, _ path: String) throws(Failure) -> ScriptCommand
  private let folder: ScriptFolder
  private let previous: PreviousChildren

  init(
    _ attempt: Attempt, children: ChildProcesses,
    command: @escaping @Sendable (ScriptInput, String) throws(Failure) -> ScriptCommand
  ) throws(Failure) {
    (self.attempt, self.children, self.command) = (attempt, children, command)
    input = try ScriptInput(attempt.with)
    folder = ScriptFolder(root: attempt.services.workFolder)
    previous = PreviousChildren(of: attempt)
  }

  func execute() async throws(Failure) -> AttemptOutput {
    let (previous, number) = (previous, attempt.number)
    try await OwnThread.run { () throws(Failure) in
      try previous.settle()
      previous.forget(before: number)
    }
    let order = try await prepare()
    let capture = StreamCapture(log: attempt.services.log, mask: attempt.services.mask)
    let end = try await children.run(order) { capture.receive($0, $1) }
    capture.finish()
    let (result, mask): (Result<AttemptOutput, Failure>, Masking)
    mask = attempt.services.mask
    do throws(Failure) {
      try end.check("script", lastWords: capture.lastWords)
      let left = ScriptResult(input: input, folder: folder, services: attempt.services)
      // Before it is written down.
      result = .success(mask(try await left.output(capture)))
    } catch { result = .failure(mask(error)) }
    if end.isOfItself { await OwnThread.run { ScriptOutcome.write(result, to: order.recordFolder) } }
    return try result.get()
  }

  /// Waits until nothing of the lost attempt lives; gives its end where the node had written it down.
  func outcomeOfLost() async throws(Failure) -> AttemptOutput? {
    let (previous, number) = (previous, attempt.number)
    let known = try await OwnThread.run { () throws(Failure) in
      try previous.settle()
      return ScriptOutcome.read(from: previous.recordFolder(attempt: number))
    }
    return try known?.get()
  }

  private func prepare() async throws(Failure) -> ChildOrder {
    try await OwnThread.run { () throws(Failure) in try folder.write(input, besidePipeline: attempt.files) }
    try await folder.place(input, of: attempt)
    return try await OwnThread.run { () throws(Failure) in
      let environment = environment()
      let path = environment.last { $0.name == "PATH" }?.value ?? ScriptCommand.searchPath
      let command = try command(input, try scriptPath())
      return ChildOrder(
        program: try command.resolved(path: path),
        arguments: [command.program] + command.arguments + input.arguments,
        environment: environment, workFolder: folder.work, input: input.input == nil ? nil : folder.input,
        extra: try connectionDocument(), recordFolder: previous.recordFolder(attempt: attempt.number),
        grace: attempt.cancelGrace)
    }
  }

  private func scriptPath() throws(Failure) -> String {
    switch input.source {
    case .run: return folder.script
    case .program(let program) where program.hasPrefix("/"): return program
    case .program(let program):
      guard RelativePath.isSafe(program), let files = attempt.files, access("\(files)/\(program)", R_OK) == 0
      else {
        throw .noProgram(program)
      }
      return "\(files)/\(program)"
    }
  }

  /// Nothing of the node's own environment. What the step says comes before ours, which therefore wins.
  private func environment() -> [(name: String, value: String)] {
    let base = [
      ("PATH", ScriptCommand.searchPath), ("HOME", folder.work), ("LANG", "C.UTF-8"), ("TZ", "UTC"),
      ("PYTHONDONTWRITEBYTECODE", "1"), ("TRACEPARENT", attempt.traceParent.header),
    ]
    var ours = [
      ("ESTEIRA_JOB_ID", "\(attempt.job)"), ("ESTEIRA_JOB_KEY", attempt.jobKey),
      ("ESTEIRA_STEP_KEY", attempt.stepKey), ("ESTEIRA_ATTEMPT", "\(attempt.number)"),
      ("ESTEIRA_DATA", folder.data), ("ESTEIRA_OUTPUT", folder.output),
      ("ESTEIRA_ARTIFACTS", folder.artifacts),
      ("ESTEIRA_FILES", folder.files(of: input, besidePipeline: attempt.files)),
    ]
    if attempt.connection != nil || attempt.credential != nil { ours.append(("ESTEIRA_CONNECTION_FD", "3")) }
    let said = Set(input.environment.map { ScalarString($0.name) })
    return base.filter { !said.contains(ScalarString($0.0)) } + input.environment + ours
  }

  /// The connection and its secrets reach a script through a descriptor: never by environment, argument or
  /// file.
  private func connectionDocument() throws(Failure) -> [UInt8]? {
    guard attempt.connection != nil || attempt.credential != nil else { return nil }
    let bytes = JSON.object(attempt.connectionMembers).serialized()
    guard bytes.count <= ChildOrder.extraLimit else {
      throw Failure(.configuration, code: "invalid-connection", "The connection is larger than 64 KiB.")
    }
    return bytes
  }
}

extension Attempt {
  /// `{name, kind, address, credential: {type, values}}` of what the step names.
  var connectionMembers: JSONObject {
    var document = JSONObject()
    if let connection {
      document["name"] = .string(connection.name)
      document["kind"] = .string(connection.kind)
      document["address"] = connection.address
    }
    if let credential {
      let values = JSONObject(credential.values.map { ($0.name, .string($0.secret.reveal())) })
      document["credential"] = ["type": .string(credential.type), "values": .object(values)]
    }
    return document
  }
}
