/// All commands, in the order of the overview.
public enum CommandTable {
  public static let all: [CommandSpec] = [
    Run.spec, ServerCommand.spec, Doctor.spec, VersionCommand.spec, CompletionCommand.spec,
    PipelineValidate.spec, PipelineTest.spec, PipelineApply.plan, PipelineApply.apply, PipelineList.spec,
    PipelineGet.spec, PipelineDiffCommand.spec,
    PipelineRevisions.spec, PipelineRollback.spec, PipelineDelete.spec, PipelinePause.spec,
    PipelineResume.spec,
    PipelineSchema.spec, PipelineFmt.spec, PipelineGraph.spec, PipelineDocs.spec,
    JobStart.spec, JobList.spec, JobGet.spec, JobWatchCommand.spec, JobLogs.spec, JobSteps.spec, JobStep.spec,
    JobEvents.spec, JobWhy.spec, JobCancel.spec, JobKill.spec, JobRetry.spec, JobRerun.spec, JobCompare.spec,
    JobReplay.spec, StepResolve.spec,
    StepAdopt.spec,
    AskList.spec, AskGet.spec, AskAnswer.spec, AskDelegate.spec, AskRemind.spec,
    JobExport.spec,
    TriggerList.spec, TriggerMessages.spec, TriggerSend.spec, TriggerRefusals.spec, EventList.spec,
    EventWatch.spec,
    JobSignal.spec, SignalSend.spec, SignalList.spec,
    LetterList.spec, LetterGet.spec, LetterReplay.spec, LetterDiscard.spec,
    ArtifactList.spec, ArtifactGet.spec, ArtifactVerify.spec,
    CredentialSet.spec, CredentialList.spec, CredentialDelete.spec,
    ConnectionApply.spec, ConnectionList.spec, ConnectionDelete.spec,
    SettingList.spec, SettingGet.spec, SettingSet.spec, SettingUnset.spec,
    ScheduleNext.spec, ExprEval.spec, ConnectorList.spec, ConnectorSchema.spec,
  ]
}
