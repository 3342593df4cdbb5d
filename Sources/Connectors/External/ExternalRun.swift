import Engine
import Glibc
import Model
import Pipelines

/// One attempt of a program in a folder.
struct ExternalRun: Sendable {
  let attempt: Attempt
  let manifest: ConnectorManifest
  let children: ChildProcesses
  /// Hears every message of the program.
  var heard: @Sendable (ArraySlice<UInt8>) -> Void = { _ in }
  private let folder: ExternalFolder
  private let previous: PreviousChildren
  private let outputSchema: JSONSchema

  init(_ attempt: Attempt, of manifest: ConnectorManifest, children: ChildProcesses) throws(Failure) {
    (self.attempt, self.manifest, self.children) = (attempt, manifest, children)
    folder = ExternalFolder(root: attempt.services.workFolder)
    previous = PreviousChildren(of: attempt)
    do throws(SchemaFaults) { outputSchema = try JSONSchema(manifest.output) } catch {
      throw Failure(.internal, code: "", "The manifest of \(manifest.name) was read without its schemas.")
    }
  }

  func execute() async throws(Failure) -> AttemptOutput {
    let (previous, number) = (previous, attempt.number)
    try await OwnThread.run { () throws(Failure) in
      try previous.settle()
      previous.forget(before: number)
    }
    let (folder, with) = (folder, attempt.with)
    try await OwnThread.run { () throws(Failure) in try folder.make(with) }
    try await folder.fetchArtifacts(of: with, attempt.services)
    let life = LifeLine()
    let talk = Talk(try await conversation(), services: attempt.services, life: life, heard: heard)
    return try await perform(talk, life)
  }

  /// The schemas that a program of level 2 says it has.
  func describe() async throws(Failure) -> JSON {
    let (folder, with) = (folder, attempt.with)
    try await OwnThread.run { () throws(Failure) in try folder.make(with) }
    let life = LifeLine()
    let conversation = try await conversation(purpose: .describe)
    let talk = Talk(conversation, services: attempt.services, life: life)
    let order = try order(talk)
    let end = try await children.run(
      order, life: life, cancelled: { life.askForEnd() }, received: { _, _ in })
    if let schemas = talk.conversation.schemas { return schemas }
    _ = try talk.conversation.end(end, lastWords: "")
    throw Failure(.configuration, code: "connector-protocol", "The connector said nothing of its schemas.")
  }

  private func perform(_ talk: Talk, _ life: LifeLine) async throws(Failure) -> AttemptOutput {
    let capture = StreamCapture(log: { talk.log($0, $1) }, mask: attempt.services.mask)
    let order = try order(talk)
    let within = cancelling
    let end = try await children.run(
      order, life: life, cancelled: { talk.cancel(within: within) }, received: { capture.receive($0, $1) })
    capture.finish()
    let (own, mask) = (talk.masking, attempt.services.mask)
    let result: Result<AttemptOutput, Failure>
    do throws(Failure) {
      let said = try await said(talk.conversation, end, capture)
      result = .success(mask(own(try await output(said, talk.conversation.mediaTypes))))
    } catch { result = .failure(mask(own(error))) }
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

  private func said(
    _ conversation: Conversation, _ end: ChildEnd, _ capture: StreamCapture
  ) async throws(Failure) -> JSONObject {
    guard manifest.level == .files else { return try conversation.end(end, lastWords: capture.lastWords) }
    try end.check("connector", lastWords: capture.lastWords)
    let folder = folder
    return try await OwnThread.run { () throws(Failure) in try folder.writtenObject() }
  }

  private func output(_ said: JSONObject, _ types: [String: String]) async throws(Failure) -> AttemptOutput {
    let handles = try await folder.storeArtifacts(types, attempt.services)
    let value = ExternalFolder.naming(.object(said), handles)
    let size = value.serialized().count
    guard size <= ProtocolLimits.output else { throw .largeOutput(size) }
    if let violation = outputSchema.violations(in: value).first {
      throw Failure(
        .data, code: "invalid-output",
        "The output of \(manifest.name) is not what its manifest promises: output\(violation.pointer): "
          + "\(violation.message.english)")
    }
    return AttemptOutput(value, artifacts: handles)
  }
}

// How the program is started.
extension ExternalRun {
  /// The operator may want it shorter.
  var cancelling: Duration { min(ProtocolLimits.cancelling, attempt.cancelGrace) }

  private func order(_ talk: Talk) throws(Failure) -> ChildOrder {
    let command = try command()
    let environment = environment
    let path = environment.last { $0.name == "PATH" }?.value ?? ScriptCommand.searchPath
    return ChildOrder(
      program: try command.resolved(path: path), arguments: [command.program] + command.arguments,
      environment: environment, workFolder: folder.work, extra: try secrets(),
      channel: manifest.level == .files ? nil : talk.channel(),
      recordFolder: previous.recordFolder(attempt: attempt.number),
      grace: manifest.level == .calls ? min(ProtocolLimits.killing, cancelling) : cancelling)
  }

  /// The first word is a file of the connector's folder, or a program of the machine.
  private func command() throws(Failure) -> ScriptCommand {
    let words = manifest.command.map { $0.replacing("{folder}", with: manifest.folder) }
    let own = "\(manifest.folder)/\(words[0])"
    var command = ScriptCommand(program: words[0], arguments: [])
    if RelativePath.isSafe(words[0]), Folders.isFile(own) {
      command = try .file(own)
    } else if !words[0].hasPrefix("/"), words[0].contains("/") {
      throw .noProgram(own)
    }
    command.arguments += words.dropFirst()
    return command
  }

  /// Nothing of the node's own environment, and no secret.
  private var environment: [(name: String, value: String)] {
    let base = [
      ("PATH", ScriptCommand.searchPath), ("HOME", folder.work), ("LANG", "C.UTF-8"), ("TZ", "UTC"),
      ("PYTHONDONTWRITEBYTECODE", "1"), ("TRACEPARENT", attempt.traceParent.header),
    ]
    let given = manifest.environment.map { ($0.name, $0.value.replacing("{folder}", with: manifest.folder)) }
    let said = Set(given.map { ScalarString($0.0) })
    var ours = [
      ("ESTEIRA_PROTOCOL", "\(manifest.level.rawValue)"), ("ESTEIRA_JOB_ID", "\(attempt.job)"),
      ("ESTEIRA_JOB_KEY", attempt.jobKey), ("ESTEIRA_STEP_KEY", attempt.stepKey),
      ("ESTEIRA_ATTEMPT", "\(attempt.number)"), ("ESTEIRA_ARTIFACTS", folder.artifacts),
      ("ESTEIRA_FILES", folder.files),
    ]
    switch manifest.level {
    case .files:
      ours += [("ESTEIRA_DATA", folder.data), ("ESTEIRA_OUTPUT", folder.output)]
      if attempt.connection != nil || attempt.credential != nil {
        ours.append(("ESTEIRA_CONNECTION_FD", "3"))
      }
    case .lines, .calls: ours += [("ESTEIRA_IN_FD", "3"), ("ESTEIRA_OUT_FD", "4")]
    }
    return base.filter { !said.contains(ScalarString($0.0)) } + given + ours
  }

  /// For level 0; the other levels hear of them in the talk.
  private func secrets() throws(Failure) -> [UInt8]? {
    guard manifest.level == .files, attempt.connection != nil || attempt.credential != nil else { return nil }
    let bytes = JSON.object(attempt.connectionMembers).serialized()
    guard bytes.count <= ChildOrder.extraLimit else {
      throw Failure(.configuration, code: "invalid-connection", "The connection is larger than 64 KiB.")
    }
    return bytes
  }

  private func conversation(purpose: Conversation.Purpose = .run) async throws(Failure) -> Conversation {
    let checkpoints = attempt.services.checkpoints
    var checkpoint: JSON?
    if manifest.keepsCheckpoints, purpose == .run {
      checkpoint = try await OwnThread.run { () throws(Failure) in try checkpoints.load() }
    }
    var start = document
    start["checkpoint"] = checkpoint ?? .null
    if attempt.connection != nil || attempt.credential != nil {
      start["connection"] = .object(attempt.connectionMembers)
    }
    return Conversation(
      level: manifest.level, start: start, heartbeat: manifest.heartbeat, purpose: purpose, now: .now)
  }

  /// What an attempt is about, without secrets.
  private var document: JSONObject {
    let job: JSON = [
      "id": .string("\(attempt.job)"), "key": .string(attempt.jobKey),
      "namespace": .string(attempt.namespace),
      "pipeline": .string(attempt.pipeline.name),
    ]
    let step: JSON = [
      "path": .string(attempt.path), "key": .string(attempt.stepKey), "attempt": .int(Int64(attempt.number)),
    ]
    let folders: JSON = [
      "work": .string(folder.work), "files": .string(folder.files), "artifacts": .string(folder.artifacts),
    ]
    return JSONObject([
      ("job", job), ("step", step), ("token", .int(Int64(attempt.fencingToken))),
      ("effect", .string(attempt.effect.rawValue)), ("with", attempt.with), ("folders", folders),
    ])
  }
}
