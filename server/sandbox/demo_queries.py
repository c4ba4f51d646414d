"""The operations of the demo, as a website, a tablet and a back office would send them."""

PROBLEM = "...on Problem{problemCode message field}"

PLACES = "query($code:String){station(code:$code){id name timeZone openingHours{weekday}}}"
OPEN_ON = "query($id:ID,$date:Date!){station(id:$id){openOn(date:$date){start end}}}"
GROUPS = "{vehicleGroups{id code name}}"

CAR = {"plate": "B-AS 1190", "make": "Volkswagen", "model": "Golf 1.5 TSI", "colour": "Anemonenblau", "tankLitres": 50}
ADD_CAR = f"""mutation($input:VehicleInput!){{createVehicle(input:$input){{__typename
  ...on Vehicle{{id plate make model odometerKm tankLitres}} {PROBLEM}}}}}"""

AVAILABILITY = """query($station:ID!,$group:ID!,$period:PeriodInput!){
  availability(stationId:$station,groupId:$group,period:$period){
    groups{freeCount price{total{amount}} dueNow{amount} deposit{amount}}}}"""

QUOTE = """query($input:QuoteInput!){quote(input:$input){
  price{total{amount} net{amount} vat{amount} days includedKm lines{text total{amount} explanation}}
  dueNow{amount} deposit{amount} deductible{amount} graceMinutes available}}"""

BOOK = f"""mutation($input:BookVehicleInput!){{bookVehicle(input:$input){{__typename
  ...on Booking{{contract{{id number state price{{total{{amount}}}} paid{{amount}}}}}} {PROBLEM}}}}}"""

DAY = """query($station:ID!,$date:Date!){handoverDay(stationId:$station,date:$date){
  checkOuts{id number vehicle{plate make model odometerKm} drivers{id firstName lastName} deposit{state amount{amount}}}
  checkIns{id number}}}"""

CHECK_OUT = f"""mutation($input:CheckOutInput!){{checkOut(input:$input){{__typename
  ...on Protocol{{id photos{{slot sha256}} damages{{kind liability}} signedByCustomer}} {PROBLEM}}}}}"""
CHECK_IN = CHECK_OUT.replace("CheckOutInput", "CheckInInput").replace("checkOut(", "checkIn(")

PREVIEW = """query($id:ID!,$input:SettlementPreviewInput!){settlementPreview(contractId:$id,input:$input){
  price{total{amount} lines{text total{amount} explanation}} advances{amount} due{amount} action}}"""

CONTRACT = """query($id:ID!){contract(id:$id){
  id number state settlementState paid{amount} due{amount}
  price{total{amount} days lines{kind text total{amount} explanation}}
  deposit{state amount{amount} used{amount}}
  payments{kind state amount{amount} orderReference gatewayReference}
  documents{number type sha256 total{amount} net{amount} vat{amount} payable{amount} pdfUrl
    lines{kind text total{amount}} advances{total{amount} net{amount} vat{amount}}}
  protocols{type sha256 pdfUrl}
  emails{template state}}}"""
