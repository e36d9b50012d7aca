/** The API's JSON shapes by the names the console uses, out of the generated `schema.d.ts`. */
import type { components } from './schema'

type Schemas = components['schemas']

export type Role = Schemas['Role']
export type Position = Schemas['Position']
export type UserView = Schemas['UserView']
export type SessionView = Schemas['SessionView']
export type CallState = Schemas['CallState']
export type CallView = Schemas['CallView']
export type CallDirection = Schemas['CallDirection']
export type CallPriority = Schemas['CallPriority']
export type PartyView = Schemas['PartyView']
export type MonitorMode = Schemas['MonitorMode']
export type MonitorView = Schemas['MonitorView']
export type AdditionalData = Schemas['AdditionalData']
export type DialMode = Schemas['DialMode']
export type CallOut = Schemas['CallOut']
export type CallbackView = Schemas['CallbackView']
export type CallDetail = Schemas['CallDetail']
export type EarlierCall = Schemas['EarlierCall']
export type Disposition = Schemas['Disposition']
export type ReportView = WithFields<Schemas['ReportView']>
/** `base` is the revision that the fields were edited from; 0 for a report that was never saved. */
export type SaveReport = WithFields<Schemas['SaveReport']>
export type IncidentView = Schemas['IncidentView']
export type IncidentDetail = Schemas['IncidentDetail']
export type DispatchView = Schemas['DispatchView']
export type Progress = Schemas['Progress']
export type TimelineEntry = Schemas['TimelineEntry']
export type AgencyView = Schemas['AgencyView']
export type TeamView = Schemas['TeamView']
export type SaveTeam = Schemas['SaveTeam']
export type TeamLink = Schemas['TeamLink']
export type IncidentTypeView = Schemas['IncidentTypeView']
export type CameraView = Schemas['CameraView']
export type CameraState = Schemas['CameraState']
export type SaveCamera = Schemas['SaveCamera']
export type FootageView = Schemas['FootageView']
export type FootageIndex = Schemas['FootageIndex']
export type FootageSegment = Schemas['FootageSegment']
export type Readiness = Schemas['Readiness']
export type OperatorView = Schemas['OperatorView']
export type AlarmView = Schemas['AlarmView']
export type MediaTest = Schemas['MediaTest']
export type Withdrawal = Schemas['Withdrawal']
export type LiveEvent = Schemas['Event']
export type AuditEntry = Schemas['AuditEntry']
export type CallText = Schemas['CallText']
export type TextLine = Schemas['TextLine']
export type TextView = Schemas['TextView']
export type TrunkView = Schemas['TrunkView']
export type PhoneView = Schemas['PhoneView']
export type ReputationView = Schemas['ReputationView']
export type ServiceLevel = Schemas['ServiceLevel']
export type Statistics = Schemas['Statistics']

export type Unreached = Schemas['Unreached']
export type CallerLocation = Schemas['CallerLocation']

/** The form's fields with none left out: the server fills in what a request leaves out. */
export type ReportFields = {
  [K in keyof Required<Schemas['ReportFields']>]: NonNullable<Schemas['ReportFields'][K]> | NullIn<K>
}
type NullIn<K> = K extends 'position' | 'incident_type' ? null : never
type WithFields<T> = Omit<T, 'fields'> & { fields: ReportFields }

export const EMPTY_FIELDS: ReportFields = {
  place: '',
  position: null,
  event: '',
  incident_type: null,
  caller_name: '',
  caller_number: '',
  details: '',
}
