internal import Model

// What steps ask about pauses. It is decided here, where nothing comes between the look and the write.
extension Turn {
  mutating func pause(_ wanted: PauseRecord, _ reply: @escaping Reply<PauseRecord>) {
    do throws(Problem) {
      // What a person paused is theirs (S31).
      if let standing = try standingPause(of: wanted.pipeline), standing.holds(at: wanted.at) {
        return jobs.after(.write) { result in reply(result.map { standing }) }
      }
    } catch { return reply(.failure(error)) }
    jobs.add([.pause(wanted)])
    jobs.after(.write) { result in reply(result.map { wanted }) }
  }

  mutating func endPause(of pipeline: PipelineName, by job: ID<Job>?, _ reply: @escaping Reply<Bool>) {
    let standing: PauseRecord?
    do throws(Problem) { standing = try standingPause(of: pipeline) } catch { return reply(.failure(error)) }
    guard let standing, job.map({ standing.by.hasSuffix("/\($0)") }) ?? true else {
      return jobs.after(.write) { result in reply(result.map { false }) }
    }
    jobs.add([.resume(pipeline)])
    jobs.after(.write) { result in reply(result.map { true }) }
  }

  /// With what this very turn has written so far.
  private func standingPause(of pipeline: PipelineName) throws(Problem) -> PauseRecord? {
    for write in jobs.batch.writes.reversed() {
      switch write {
      case .pause(let pause): if pause.pipeline == pipeline { return pause }
      case .resume(let resumed): if resumed == pipeline { return nil }
      case .revision, .deletePipeline, .setting, .connection, .removeConnection, .credential,
        .removeCredential, .namespaceKey, .retention, .keepForEver, .hold, .releaseHold, .namespace,
        .masterKey, .keyRotation, .rewrap,
        .retireVersions, .forgetVersions, .credentialUses, .addedSchedule, .removeAddedSchedule,
        .addedDestination, .removeAddedDestination,
        .subjectKey, .erasure:
        break
      }
    }
    do throws(StoreError) { return try configuration.readModel.pause(of: pipeline) } catch {
      throw .store(error)
    }
  }
}
