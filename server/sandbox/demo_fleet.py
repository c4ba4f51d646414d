"""Cars of the sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from server.sandbox.demo_company import BER, ELEKTRO, HVL, KLEIN, KOMBI, KOMPAKT, POT
from server.services.fleet.vehicles import NewVehicle


@dataclass(frozen=True)
class DemoModel:
    """A model of the fleet; the first eleven characters of its VINs."""

    group: str
    make: str
    model: str
    vin_start: str
    tank_litres: int | None = None
    battery_wh: int | None = None


@dataclass(frozen=True)
class DemoVehicle:
    """A car. Dates are days from today: inspections ahead, first registrations back."""

    station: str
    model: DemoModel
    plate: str
    vin_end: str
    colour: str
    odometer_km: int
    inspection_in_days: int
    registered_days_ago: int

    @property
    def group(self) -> str:
        """The code of its group."""
        return self.model.group

    def entered(self, station_id: UUID, group_id: UUID, today: date) -> NewVehicle:
        """As a clerk enters it: full."""
        electric = self.model.battery_wh is not None
        return NewVehicle(
            plate=self.plate,
            vin=self.model.vin_start + self.vin_end,
            make=self.model.make,
            model=self.model.model,
            colour=self.colour,
            group_id=group_id,
            station_id=station_id,
            odometer_km=self.odometer_km,
            fuel_eighths=None if electric else 8,
            state_of_charge_percent=100 if electric else None,
            tank_litres=self.model.tank_litres,
            battery_wh=self.model.battery_wh,
            first_registration=today - timedelta(days=self.registered_days_ago),
            inspection_due=today + timedelta(days=self.inspection_in_days),
        )


_POLO = DemoModel(KLEIN, "Volkswagen", "Polo 1.0 TSI", "WVWZZZAWZSU", tank_litres=40)
_FABIA = DemoModel(KLEIN, "Škoda", "Fabia 1.0 TSI", "TMBEP6PJ0S4", tank_litres=40)
_CORSA = DemoModel(KLEIN, "Opel", "Corsa 1.2", "VXKUPHNEKS4", tank_litres=44)
_GOLF = DemoModel(KOMPAKT, "Volkswagen", "Golf 1.5 TSI", "WVWZZZCDZSW", tank_litres=50)
_GOLF_TDI = DemoModel(KOMPAKT, "Volkswagen", "Golf 2.0 TDI", "WVWZZZCDZTW", tank_litres=50)
_ASTRA = DemoModel(KOMPAKT, "Opel", "Astra 1.5 Diesel", "W0VBE6EC0S3", tank_litres=52)
_SCALA = DemoModel(KOMPAKT, "Škoda", "Scala 1.5 TSI", "TMBER6NW0T4", tank_litres=50)
_OCTAVIA = DemoModel(KOMBI, "Škoda", "Octavia Combi 2.0 TDI", "TMBJJ7NX0S0", tank_litres=45)
_PASSAT = DemoModel(KOMBI, "Volkswagen", "Passat Variant 2.0 TDI", "WVWZZZCJZSE", tank_litres=66)
_ID3 = DemoModel(ELEKTRO, "Volkswagen", "ID.3 Pro", "WVWZZZE1ZSP", battery_wh=58_000)
_ID4 = DemoModel(ELEKTRO, "Volkswagen", "ID.4 Pro", "WVGZZZE2ZTE", battery_wh=77_000)
_CORSA_E = DemoModel(ELEKTRO, "Opel", "Corsa Electric", "VXKUHZKXZS4", battery_wh=51_000)
VEHICLES: tuple[DemoVehicle, ...] = (
    DemoVehicle(BER, _POLO, "B-AS 1001", "104711", "Reinweiß", 14_210, 212, 518),
    DemoVehicle(BER, _POLO, "B-AS 1002", "104732", "Smoky Grey", 11_874, 231, 499),
    DemoVehicle(BER, _FABIA, "B-AS 1003", "038215", "Moon-Weiß", 19_655, 148, 582),
    DemoVehicle(BER, _CORSA, "B-AS 1004", "217766", "Kardio-Rot", 8_432, 301, 64),
    DemoVehicle(BER, _CORSA, "B-AS 1005", "217801", "Arktis-Weiß", 6_120, 318, 47),
    DemoVehicle(BER, _GOLF, "B-AS 1101", "311094", "Delfingrau", 22_318, 96, 634),
    DemoVehicle(BER, _GOLF, "B-AS 1102", "311127", "Reinweiß", 17_903, 187, 543),
    DemoVehicle(BER, _GOLF_TDI, "B-AS 1103", "402256", "Anemonenblau", 9_764, 275, 90),
    DemoVehicle(BER, _ASTRA, "B-AS 1104", "078813", "Kosmos-Grau", 26_481, 41, 689),
    DemoVehicle(BER, _SCALA, "B-AS 1105", "550142", "Energy-Blau", 12_057, 259, 106),
    DemoVehicle(BER, _OCTAVIA, "B-AS 1201", "118204", "Graphit-Grau", 31_920, 122, 608),
    DemoVehicle(BER, _OCTAVIA, "B-AS 1202", "118255", "Moon-Weiß", 28_344, 140, 590),
    DemoVehicle(BER, _PASSAT, "B-AS 1203", "087361", "Deep Black", 15_688, 243, 487),
    DemoVehicle(BER, _ID3, "B-AS 1301E", "009518", "Gletscherweiß", 13_401, 198, 532),
    DemoVehicle(BER, _ID3, "B-AS 1302E", "009544", "Costa-Azul", 10_276, 224, 506),
    DemoVehicle(BER, _ID4, "B-AS 1303E", "021870", "Mondsteingrau", 7_915, 330, 35),
    DemoVehicle(POT, _POLO, "P-AS 2001", "104809", "Reinweiß", 16_733, 176, 554),
    DemoVehicle(POT, _FABIA, "P-AS 2002", "038377", "Velvet-Rot", 12_489, 207, 523),
    DemoVehicle(POT, _CORSA, "P-AS 2003", "217955", "Voltaik-Blau", 5_208, 309, 56),
    DemoVehicle(POT, _POLO, "P-AS 2004", "104866", "Ascotgrau", 18_120, 5, 725),
    DemoVehicle(POT, _GOLF, "P-AS 2101", "311389", "Mondsteingrau", 20_547, 113, 617),
    DemoVehicle(POT, _GOLF_TDI, "P-AS 2102", "402318", "Reinweiß", 8_096, 288, 77),
    DemoVehicle(POT, _ASTRA, "P-AS 2103", "078940", "Arktis-Weiß", 24_215, 68, 662),
    DemoVehicle(POT, _SCALA, "P-AS 2104", "550271", "Graphit-Grau", 11_390, 266, 99),
    DemoVehicle(POT, _OCTAVIA, "P-AS 2201", "118412", "Energy-Blau", 29_077, 131, 599),
    DemoVehicle(POT, _PASSAT, "P-AS 2202", "087450", "Oryxweiß", 13_832, 250, 480),
    DemoVehicle(POT, _PASSAT, "P-AS 2203", "087498", "Delfingrau", 12_665, 262, 468),
    DemoVehicle(POT, _ID3, "P-AS 2301E", "009733", "Scale-Silber", 9_342, 219, 511),
    DemoVehicle(POT, _CORSA_E, "P-AS 2302E", "301458", "Kardio-Rot", 6_588, 296, 69),
    DemoVehicle(HVL, _FABIA, "HVL-AS 301", "038590", "Moon-Weiß", 15_921, 163, 567),
    DemoVehicle(HVL, _POLO, "HVL-AS 302", "104977", "Reefblau", 13_048, 202, 528),
    DemoVehicle(HVL, _CORSA, "HVL-AS 303", "218034", "Arktis-Weiß", 4_877, 323, 42),
    DemoVehicle(HVL, _GOLF, "HVL-AS 311", "311560", "Reinweiß", 19_266, 154, 576),
    DemoVehicle(HVL, _SCALA, "HVL-AS 312", "550388", "Velvet-Rot", 10_714, 271, 94),
    DemoVehicle(HVL, _ASTRA, "HVL-AS 313", "079021", "Kosmos-Grau", 23_559, -3, 733),
    DemoVehicle(HVL, _OCTAVIA, "HVL-AS 321", "118603", "Quarz-Grau", 27_410, 145, 585),
    DemoVehicle(HVL, _PASSAT, "HVL-AS 322", "087577", "Deep Black", 11_203, 256, 474),
    DemoVehicle(HVL, _ID3, "HVL-AS 31E", "009861", "Gletscherweiß", 8_730, 236, 494),
    DemoVehicle(HVL, _ID4, "HVL-AS 32E", "022014", "Costa-Azul", 5_341, 341, 24),
    DemoVehicle(HVL, _CORSA_E, "HVL-AS 33E", "301602", "Voltaik-Blau", 3_986, 352, 13),
)
