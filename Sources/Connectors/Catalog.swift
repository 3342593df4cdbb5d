public import Engine
public import Model
public import Net

/// Every connector of this build.
public enum Catalog {
  /// Ready to run, in the order of `descriptions`.
  public static func all(
    curl: CurlClient, children: ChildProcesses, brokers: Brokers = Brokers()
  ) -> [any Connector] {
    [
      Shell(children: children), Python(children: children), ProcessRun(children: children),
      HTTPRequestConnector(client: curl), HTTPDownload(client: curl), CSVRead(client: curl),
      FeedRead(client: curl), TextExtract(), ObjectPut(), ObjectGet(), ObjectList(),
      WebhookSend(client: curl), Notify(), Fail(),
      FilesRead(), FilesWrite(), FilesList(), FilesCopy(), FilesMove(), FilesRemove(), FilesHash(),
      FilesConcatenate(), ObjectDelete(), ArchivePack(), ArchiveUnpack(), HTMLSelect(client: curl),
      XMLSelect(client: curl), JSONTransform(),
      NistParse(), NistValidate(), NistExtract(), NistSynthesize(),
      SQLQuery(), SQLExecute(), SQLLoad(), SQLValidate(),
      EventEmit(), PipelinePause(), PipelineResume(), QueueExport(), QueuePurge(),
      RedisCommandConnector(brokers: brokers), AMQPPublish(brokers: brokers), AMQPRequest(brokers: brokers),
      CeleryTask(brokers: brokers),
    ]
  }

  /// What is known of them without anything to run them with.
  public static var descriptions: [ConnectorDescription] {
    [
      Shell.description, Python.description, ProcessRun.description, HTTPRequestConnector.description,
      HTTPDownload.description, CSVRead.description, FeedRead.description, TextExtract().description,
      ObjectPut.description, ObjectGet.description, ObjectList.description, WebhookSend.description,
      Notify.description, Fail.description,
      FilesRead.description, FilesWrite.description, FilesList.description, FilesCopy.description,
      FilesMove.description, FilesRemove.description, FilesHash.description, FilesConcatenate.description,
      ObjectDelete.description, ArchivePack.description, ArchiveUnpack.description, HTMLSelect.description,
      XMLSelect.description, JSONTransform.description,
      NistParse.description, NistValidate.description, NistExtract.description, NistSynthesize.description,
      SQLQuery.description, SQLExecute.description, SQLLoad.description, SQLValidate.description,
      EventEmit.description, PipelinePause.description, PipelineResume.description, QueueExport.description,
      QueuePurge.description,
      RedisCommandConnector.description, AMQPPublish.description, AMQPRequest.description,
      CeleryTask.description,
    ]
  }
}
