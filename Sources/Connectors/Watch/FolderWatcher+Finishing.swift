import Engine
import Model

// What was begun is brought to its end.
extension FolderWatcher {
  /// After a start or an error, and again for those that could not be finished: the batches that were begun
  /// and neither fired nor abandoned.
  func finishOpen() async throws(WatchFailure) {
    try claiming.proceed()
    let open: [FileBatch]
    do throws(Problem) { open = try await desk.open() } catch { throw .desk(error) }
    var reasons: [String: Bilingual] = [:]
    for batch in open { reasons[batch.id] = try await finish(open: batch) }
    for batch in open {
      if let reason = reasons[batch.id], left[batch.id] != reason { try await note(.left(batch, reason)) }
    }
    left = reasons
    (progress.left, progress.leftBecause) = (left.count, open.compactMap { reasons[$0.id] }.first?.english)
    leftAt = left.isEmpty ? nil : clock.monotonic + WatchPace.left
  }

  /// The folders of a batch are those that it was begun with. Where one of them is not granted any more it
  /// has to wait, as it has where one that the trigger does not name any more cannot be opened: that must not
  /// hold up what arrives in the others. Nil once the batch is done with.
  private func finish(open batch: FileBatch) async throws(WatchFailure) -> Bilingual? {
    let (places, own): (ClaimPlaces?, ClaimPlaces?)
    do throws(Problem) {
      let roots = try roots()
      places = try ClaimPlaces(of: batch, in: roots)
      own = try? ClaimPlaces(spec, in: roots)  // Whatever the reason: then the batch is not in it.
    } catch { return error.message }
    guard let places else {
      try await ask(desk.abandon, batch.id)
      return nil
    }
    log("files \(spec.path): finishes the batch \(batch.id) of \(batch.files.count) files")
    if places == own {
      try await finish(batch, as: nil, in: places, to: try await openTarget(of: places))
      return nil
    }
    do throws(WatchFailure) {
      let target = try places.target.map { place throws(WatchFailure) in try OpenPlace(place, making: true) }
      try await finish(batch, as: nil, in: places, to: target)
      return nil
    } catch {
      guard case .folder = error else { throw error }
      return error.text
    }
  }

  /// Brings each file where the batch says it is, drops those that cannot be, and starts the job of the rest.
  /// `read`: how each was found a moment ago; nil where that is not known.
  func finish(_ batch: FileBatch, as read: [ReadFile]?, in places: ClaimPlaces, to target: OpenPlace?)
    async throws(WatchFailure)
  {
    let source = read == nil ? nil : folder?.source
    let claims = try claiming.claim(batch, as: read, in: places, from: source, to: target)
    var left = batch
    left.files = []
    for (file, claim) in zip(batch.files, claims) {
      switch claim {
      case .done: left.files.append(file)
      case .dropped(let note):
        try await self.note(note)
        folder?.wantsScan = true
      case .stays(let stamp, let note): try await setAside(file.name, stamp, note)
      }
    }
    try claiming.proceed()
    if left.files.isEmpty {
      try await ask(desk.abandon, batch.id)
    } else {
      try await ask(desk.fire, left)
      progress.batches += 1
    }
    if target == nil { for file in read ?? [] { seen.insert(file.stamp) } }
  }

  /// Nil where files stay in place.
  func openTarget(of places: ClaimPlaces) async throws(WatchFailure) -> OpenPlace? {
    guard let target = places.target else { return nil }
    return try await open(target)
  }
}
