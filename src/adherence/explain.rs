//! Where a day's numbers come from, line by line, for `rehabctl adherence --explain`.

use super::day::LocalDay;
use super::engine::Engine;
use super::judge::{Witness, session_key};
use super::measure::Measured;
use super::plan::{Item, Kind, Schedule};
use super::score::Part;
use super::session::{Session, Track};
use crate::types::UtcMicros;

impl Engine {
    /// The derivation of [`Engine::report`], one statement a line: bounds of the day, each item's formula with its
    /// figures, the sessions that it was counted from, activity that was not counted and why, what makes it a
    /// data-day, how long the hub listened, and what could not be given a day. Times are local.
    pub fn explain(&mut self, day: LocalDay, now: UtcMicros) -> Vec<String> {
        let report = self.report(day, now);
        let plan = self.history.on(day);
        let hearing = self.hearing(day, now);
        let hours = (self.history.end(day) - self.history.start(day)) as f64 / 3_600_000.0;
        let mut lines = vec![
            format!(
                "{day} in {}: {} to {}, {hours} h; plan {}; tz data {}",
                plan.zone, report.start, report.end, report.plan_version, report.tz_data
            ),
            match report.score {
                Some(score) => format!(
                    "score {:.1} %, {}: the items due, by their weights; met from {} % on",
                    score.value(),
                    report.status.as_str(),
                    plan.met_percent
                ),
                None => format!("no score, {}", report.status.as_str()),
            },
        ];
        for item in &plan.items {
            let measured = self.measure(item, day);
            let part = self.part(item, day, &measured, hearing);
            lines.push(formula(item, &measured, part));
            if let Some(track) = measured.track {
                let sessions = measured.sessions.iter();
                lines.extend(sessions.map(|(session, in_band)| self.counted(track, session, *in_band)));
                lines.extend(measured.discarded.iter().map(|session| self.discarded(track, session, day)));
            }
        }
        lines.push(self.data_day(day));
        let (listened, waking) = self.listened(day);
        let [listened, waking] = [listened, waking].map(duration);
        lines.push(format!("the hub listened for {listened} of the {waking} from 06:00 to 22:00"));
        let aside = self.set_aside();
        if aside != super::SetAside::default() {
            lines.push(format!(
                "set aside on whatever day: {} packets without a time, {} that may lie on several days, {} refused \
                 patient reports",
                aside.unknown_time, aside.ambiguous_day, aside.refused_reports
            ));
        }
        lines
    }

    fn counted(&self, track: &Track, session: &Session, in_band_ms: i64) -> String {
        let length = session.end - session.start;
        format!(
            "  session {}, {} to {}: {} active, {} of it in band, {} bouts, {} paused",
            session_key(track, session),
            self.local(session.start),
            self.local(session.end),
            duration(session.active_ms),
            duration(in_band_ms),
            session.bouts,
            duration(length - session.active_ms)
        )
    }

    fn discarded(&self, track: &Track, session: &Session, day: LocalDay) -> String {
        format!(
            "  not counted: {} of activity at {} ({}), since a session has at least {}",
            duration(session.active_ms),
            self.local(session.start),
            session_key(track, session),
            duration(self.history.on(day).min_active_ms)
        )
    }

    fn data_day(&self, day: LocalDay) -> String {
        let witnesses = self.witnesses(day);
        if witnesses.is_empty() {
            return "no data-day: no session, measurement, minute of heart rate with contact, or report"
                .into();
        }
        let shown = witnesses.iter().map(|witness| match witness {
            Witness::Session(key) => format!("session {key}"),
            Witness::HeartRate(sensor, ms) => format!("{} of heart rate from {sensor}", duration(*ms)),
            Witness::Stored => "a stored measurement".into(),
            Witness::Answer => "a patient report".into(),
        });
        format!("data-day: {}", shown.collect::<Vec<_>>().join(", "))
    }

    fn local(&self, at: i64) -> String {
        let zone = self.history.on(self.history.day_of(at)).zone;
        zone.wall(at).map_or_else(String::new, |wall| wall.format("%H:%M:%S%.3f").to_string())
    }
}

fn formula(item: &Item, measured: &Measured<'_>, part: Part) -> String {
    let Measured { active_ms, in_band_ms, dose, .. } = measured;
    let [active, inside, outside] = [*active_ms, *in_band_ms, active_ms - in_band_ms].map(duration);
    let figures = match &item.kind {
        Kind::Minutes { band: None, target_ms, .. } => format!("{active} active / {}", duration(*target_ms)),
        Kind::Minutes { target_ms, outside_milli, .. } => format!(
            "({inside} in band + {} x {outside} outside) / {}",
            f64::from(*outside_milli) / 1000.0,
            duration(*target_ms)
        ),
        Kind::HrZone { target_ms, .. } => {
            format!("{inside} in zone / {}, {outside} outside", duration(*target_ms))
        }
        Kind::Pro { questions } => format!("{} answered / {} asked", dose.done, questions.len()),
    };
    let sensor = item.kind.sensor().map_or_else(String::new, |sensor| format!(", {sensor}"));
    let weight = f64::from(item.weight_milli) / 1000.0;
    let head = format!("{} ({}{sensor}, weight {weight})", item.id, item.kind.as_str());
    let raw = dose.share().percent().value();
    match part {
        Part::Due(_) if raw > 100.0 => format!("{head}: 100.0 %, uncapped {raw:.1} % = {figures}"),
        Part::Due(_) => format!("{head}: {raw:.1} % = {figures}"),
        Part::NoData => format!(
            "{head}: no data: nothing was received, and the hub did not listen or the sensor had a known fault"
        ),
        Part::NotDue => {
            let why = match item.schedule {
                Schedule::AsNeeded => "as needed",
                Schedule::TimesPerWeek(_) => "due in the week, not on a day",
                Schedule::Days(_) => "not due",
            };
            format!("{head}: {why}; {figures}")
        }
    }
}

/// `16:00.000`: minutes, seconds, milliseconds; hours in front where there are any.
fn duration(ms: i64) -> String {
    let (hours, minutes, rest) = (ms / 3_600_000, ms / 60_000 % 60, ms % 60_000);
    let (seconds, millis) = (rest / 1000, rest % 1000);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}.{millis:03}")
    } else {
        format!("{minutes}:{seconds:02}.{millis:03}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{BIKE, Capture, HEAD, STRAP, day, utc};
    use crate::types::HubState;

    #[test]
    fn every_number_of_a_day_has_its_derivation() {
        let capture = Capture::default()
            .hub("2026-11-03T00:00:00Z", HubState::Up)
            .bike("2026-11-03T15:00:00Z", 600, 70)
            .bike("2026-11-03T15:10:00Z", 120, 0)
            .bike("2026-11-03T15:12:00Z", 360, 90)
            .bike("2026-11-03T15:18:00Z", 1, 0)
            .bike("2026-11-03T18:00:00Z", 45, 90)
            .bike("2026-11-03T18:00:45Z", 1, 0)
            .strap("2026-11-03T15:00:00Z", 61, 110)
            .pro("2026-11-03T20:00:00Z", "pain", 4)
            .pro("2026-11-03T20:00:00Z", "pain", 99);
        let mut engine = capture.engine(&format!("{HEAD}{BIKE}weight = 2\n{STRAP}"));
        let lines = engine.explain(day("2026-11-03"), utc("2026-11-05T00:00:00Z"));
        let tz = engine.plan().zone.data_version();
        let expected = [
            &format!(
                "2026-11-03 in America/New_York: 2026-11-03T05:00:00.000Z to 2026-11-04T05:00:00.000Z, 24 h; plan 1; \
                 tz data {tz}"
            ),
            "score 44.4 %, partial: the items due, by their weights; met from 80 % on",
            "bike (minutes, bike, weight 2): 65.0 % = (10:00.000 in band + 0.5 x 6:00.000 outside) / 20:00.000",
            "  session bike-2, 10:00:00.000 to 10:18:00.000: 16:00.000 active, 10:00.000 of it in band, 2 bouts, \
             2:00.000 paused",
            "  not counted: 0:45.000 of activity at 13:00:00.000 (bike-1083), since a session has at least 1:00.000",
            "pulse (hr_zone, strap, weight 1): 3.3 % = 1:00.000 in zone / 30:00.000, 0:00.000 outside",
            "  session strap-1129, 10:00:00.000 to 10:01:00.000: 1:00.000 active, 1:00.000 of it in band, 1 bouts, \
             0:00.000 paused",
            "data-day: a patient report, session bike-2, 1:00.000 of heart rate from strap",
            "the hub listened for 16:00:00.000 of the 16:00:00.000 from 06:00 to 22:00",
            "set aside on whatever day: 0 packets without a time, 0 that may lie on several days, 1 refused patient \
             reports",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn silence_and_rest_days_are_explained() {
        let deaf = Capture::default().hub("2026-11-03T05:00:00Z", HubState::Down);
        let mut engine = deaf.engine(&format!("{HEAD}{BIKE}{}", STRAP.replace("\"daily\"", "\"mon\"")));
        let lines = engine.explain(day("2026-11-03"), utc("2026-11-05T00:00:00Z"));
        assert_eq!(lines[1], "no score, no_data");
        assert_eq!(
            lines[2],
            "bike (minutes, bike, weight 1): no data: nothing was received, and the hub did not listen or the sensor had a known fault"
        );
        assert!(lines[3].starts_with("pulse (hr_zone, strap, weight 1): not due; "), "{}", lines[3]);
        assert!(lines[4].starts_with("no data-day: "), "{}", lines[4]);
    }
}
