-- leads [0 0 0 0 0 1 2]
WITH -- Who belongs to which reported team. Teams under 5 persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = ? AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < 5 OR people_before > 0 AND persons_before < 5 THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= 5 THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = ? AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = ? AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = ?)
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
),
counted AS (
  SELECT l.opened_month AS month, m.team AS team, COUNT(*) AS leads,
    SUM(CASE WHEN l.converted_day IS NOT NULL OR l.opportunity <> '' THEN 1 ELSE 0 END) AS converted,
    SUM(CASE WHEN l.first_reply_at IS NOT NULL THEN 1 ELSE 0 END) AS answered,
    SUM(CASE WHEN l.origin <> '' THEN 1 ELSE 0 END) AS with_origin
  FROM crm_lead l LEFT JOIN member m ON m.id = l.owner
  WHERE l.source = ? AND l.opened_month BETWEEN ? AND ? AND l.deleted_at IS NULL AND l.merged_into IS NULL
  GROUP BY l.opened_month, m.team
),
per AS (
  SELECT month, team, leads, converted, answered, with_origin FROM counted WHERE team IS NOT NULL
  UNION ALL
  SELECT month, '', SUM(leads), SUM(converted), SUM(answered), SUM(with_origin) FROM counted GROUP BY month
)
SELECT month, team, leads AS numerator, 1 AS denominator, leads AS n, 'leads' AS figure FROM per
UNION ALL SELECT month, team, converted, leads, leads, 'lead_conversion' FROM per
UNION ALL SELECT month, team, answered, leads, leads, 'lead_answered' FROM per
UNION ALL SELECT month, team, with_origin, leads, leads, 'complete_lead_origin' FROM per

-- lead_response [0 0 0 0 3 0 1 2 3]
-- Minutes from opening to the first reply. Leads without one have waited until the end of the last day and count as waiting (0).
WITH -- Who belongs to which reported team. Teams under 5 persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = ? AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < 5 OR people_before > 0 AND persons_before < 5 THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= 5 THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = ? AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = ? AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = ?)
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
),
waited AS (
  SELECT l.opened_month AS month, m.team AS team, CASE WHEN l.first_reply_at IS NULL THEN 0 ELSE 1 END AS outcome,
    (COALESCE(l.first_reply_at, (? + 1) * 86400000000) - l.opened_at) / 60000000 AS age
  FROM crm_lead l LEFT JOIN member m ON m.id = l.owner
  WHERE l.source = ? AND l.opened_month BETWEEN ? AND ? AND l.deleted_at IS NULL AND l.merged_into IS NULL
    AND COALESCE(l.first_reply_at, (? + 1) * 86400000000) >= l.opened_at
),
counted AS (SELECT month, team, age, outcome, COUNT(*) AS n FROM waited GROUP BY month, team, age, outcome)
SELECT month, team, age AS numerator, outcome AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', age, outcome, SUM(n) FROM counted GROUP BY month, age, outcome

-- created [0 0 0 0 0 1 2]
-- crm_opportunity_opened counts crm_opportunity by month of opening and owner, without deleted and merged ones.
WITH -- Who belongs to which reported team. Teams under 5 persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = ? AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < 5 OR people_before > 0 AND persons_before < 5 THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= 5 THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = ? AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = ? AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = ?)
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
),
counted AS (
  SELECT o.month AS month, m.team AS team, SUM(o.records) AS deals, SUM(o.valid) AS valid, SUM(o.won) AS won, SUM(o.still_open) AS still_open,
    SUM(o.with_amount) AS with_amount, SUM(o.with_expected) AS with_expected, SUM(o.with_account) AS with_account,
    SUM(CASE WHEN o.owner <> '' THEN o.records ELSE 0 END) AS with_owner, SUM(o.with_source) AS with_source
  FROM crm_opportunity_opened o LEFT JOIN member m ON m.id = o.owner
  WHERE o.source = ? AND o.month BETWEEN ? AND ?
  GROUP BY o.month, m.team
),
per AS (
  SELECT month, team, deals, valid, won, still_open, with_amount, with_expected, with_account, with_owner, with_source FROM counted WHERE team IS NOT NULL
  UNION ALL
  SELECT month, '', SUM(deals), SUM(valid), SUM(won), SUM(still_open), SUM(with_amount), SUM(with_expected), SUM(with_account), SUM(with_owner), SUM(with_source)
  FROM counted GROUP BY month
)
SELECT month, team, deals AS numerator, 1 AS denominator, deals AS n, 'opportunities' AS figure FROM per
UNION ALL SELECT month, team, won, valid, valid, 'win_rate_cohort' FROM per
UNION ALL SELECT month, team, still_open, valid, valid, 'cohort_open' FROM per
UNION ALL SELECT month, team, with_amount, deals, deals, 'complete_amount' FROM per
UNION ALL SELECT month, team, with_expected, deals, deals, 'complete_expected_close' FROM per
UNION ALL SELECT month, team, with_account, deals, deals, 'complete_account' FROM per
UNION ALL SELECT month, team, with_owner, deals, deals, 'complete_owner' FROM per
UNION ALL SELECT month, team, with_source, deals, deals, 'complete_lead_source' FROM per

-- closed [0 0 0 0 0 1 2]
-- crm_opportunity_closed counts crm_opportunity by month of closing and owner, without open, deleted and merged ones. Amounts
-- are in the home currency; a deal in another one without a converted amount is left out of every amount.
WITH -- Who belongs to which reported team. Teams under 5 persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = ? AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < 5 OR people_before > 0 AND persons_before < 5 THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= 5 THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = ? AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = ? AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = ?)
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
),
counted AS (
  SELECT o.month AS month, m.team AS team, SUM(o.records) AS closed, SUM(o.won) AS won, SUM(o.lost) AS lost, SUM(o.void) AS void,
    SUM(o.with_reason) AS with_reason, SUM(o.priced) AS priced, SUM(o.won_priced) AS won_priced, SUM(o.won_value) AS won_value, SUM(o.lost_value) AS lost_value
  FROM crm_opportunity_closed o LEFT JOIN member m ON m.id = o.owner
  WHERE o.source = ? AND o.month BETWEEN ? AND ?
  GROUP BY o.month, m.team
),
per AS (
  SELECT month, team, closed, won, lost, void, with_reason, priced, won_priced, won_value, lost_value FROM counted WHERE team IS NOT NULL
  UNION ALL
  SELECT month, '', SUM(closed), SUM(won), SUM(lost), SUM(void), SUM(with_reason), SUM(priced), SUM(won_priced), SUM(won_value), SUM(lost_value)
  FROM counted GROUP BY month
)
SELECT month, team, won AS numerator, 1 AS denominator, won AS n, 'won' AS figure FROM per
UNION ALL SELECT month, team, won, won + lost, won + lost, 'win_rate' FROM per
UNION ALL SELECT month, team, won_value, won_value + lost_value, priced, 'win_rate_value' FROM per
UNION ALL SELECT month, team, won_value, 1, won_priced, 'won_value' FROM per
UNION ALL SELECT month, team, won_value, won_priced, won_priced, 'deal_value' FROM per
UNION ALL SELECT month, team, void, closed, closed, 'cancelled' FROM per
UNION ALL SELECT month, team, priced, won + lost, won + lost, 'amount_comparable' FROM per
UNION ALL SELECT month, team, with_reason, lost, lost, 'complete_lost_reason' FROM per

-- outcome [0 0 0 0 3 0 1 2 3]
-- Deals by month of creation: after how many days they were lost (2), won (1) or cancelled (0), or how old they are while
-- open (0). The 12 months up to each one are taken together: young deals have not shown yet how they end.
WITH -- Who belongs to which reported team. Teams under 5 persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = ? AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < 5 OR people_before > 0 AND persons_before < 5 THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= 5 THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = ? AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = ? AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = ?)
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
),
deal AS (
  SELECT opened_month AS month, owner,
    CASE category WHEN 'won' THEN 1 WHEN 'lost' THEN 2 ELSE 0 END AS outcome,
    CASE category WHEN 'open' THEN ? ELSE closed_day END - opened_day AS age
  FROM crm_opportunity
  WHERE source = ? AND opened_month BETWEEN ? - 12 + 1 AND ? AND opened_day <= ?
    AND deleted_at IS NULL AND merged_into IS NULL
),
counted AS (
  SELECT d.month AS month, m.team AS team, d.age AS age, d.outcome AS outcome, COUNT(*) AS n
  FROM deal d LEFT JOIN member m ON m.id = d.owner WHERE d.age >= 0
  GROUP BY d.month, m.team, d.age, d.outcome
)
SELECT month, team, age AS numerator, outcome AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', age, outcome, SUM(n) FROM counted GROUP BY month, age, outcome

-- deal_value_median [0 0 0 0 0 0 1 2]
-- How many won deals have which amount; the median and its interval are order statistics of these counts.
WITH -- Who belongs to which reported team. Teams under 5 persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = ? AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < 5 OR people_before > 0 AND persons_before < 5 THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= 5 THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = ? AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = ? AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = ?)
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
),
deal AS (
  SELECT o.closed_month AS month, o.owner AS owner,
    CASE WHEN home_amount IS NOT NULL THEN home_amount
      WHEN currency IS NULL OR currency = (SELECT currency FROM crm_source WHERE id = ?) THEN amount END AS home
  FROM crm_opportunity o
  WHERE o.source = ? AND o.closed_month BETWEEN ? AND ? AND o.category = 'won'
    AND o.deleted_at IS NULL AND o.merged_into IS NULL
),
counted AS (
  SELECT d.month AS month, m.team AS team, d.home AS value, COUNT(*) AS n
  FROM deal d LEFT JOIN member m ON m.id = d.owner WHERE d.home IS NOT NULL
  GROUP BY d.month, m.team, d.home
)
SELECT month, team, value AS numerator, 1 AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', value, 1, SUM(n) FROM counted GROUP BY month, value

-- cycle_time [0 0 0 0 0 1 2]
-- How many won deals took how many days; the median and its interval are order statistics of these counts.
WITH -- Who belongs to which reported team. Teams under 5 persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = ? AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < 5 OR people_before > 0 AND persons_before < 5 THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= 5 THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = ? AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = ? AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = ?)
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
),
counted AS (
  SELECT o.closed_month AS month, m.team AS team, o.closed_day - o.opened_day AS days, COUNT(*) AS n
  FROM crm_opportunity o LEFT JOIN member m ON m.id = o.owner
  WHERE o.source = ? AND o.closed_month BETWEEN ? AND ? AND o.category = 'won' AND o.closed_day >= o.opened_day
    AND o.deleted_at IS NULL AND o.merged_into IS NULL
  GROUP BY o.closed_month, m.team, o.closed_day - o.opened_day
)
SELECT month, team, days AS numerator, 1 AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', days, 1, SUM(n) FROM counted GROUP BY month, days

-- velocity [0 0 0 0 1 2 0 2 0 2]
-- Open deals at the end of the month × win rate × mean value of a won deal ÷ mean days to win, all of the month's closings.
-- crm_opportunity_opened and crm_opportunity_closed count crm_opportunity by month and owner, without deleted and merged ones.
WITH -- Who belongs to which reported team. Teams under 5 persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = ? AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < 5 OR people_before > 0 AND persons_before < 5 THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= 5 THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = ? AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = ? AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = ?)
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
),
month AS (SELECT month FROM UNNEST(SEQUENCE(?, ?)) AS months (month)),
opened AS (
  SELECT o.month AS month, m.team AS team, SUM(o.followed) AS opened
  FROM crm_opportunity_opened o LEFT JOIN member m ON m.id = o.owner
  WHERE o.source = ? AND o.month <= ? AND o.followed > 0
  GROUP BY o.month, m.team
),
closed AS (
  SELECT o.month AS month, m.team AS team, SUM(o.opened) AS closed, SUM(o.won) AS won, SUM(o.won + o.lost) AS decided, SUM(o.won_priced) AS priced,
    SUM(o.won_value) AS value, SUM(o.timed) AS timed, SUM(o.days) AS days
  FROM crm_opportunity_closed o LEFT JOIN member m ON m.id = o.owner
  WHERE o.source = ? AND o.month <= ?
  GROUP BY o.month, m.team
),
flow AS (
  SELECT month, team, opened, 0 AS won, 0 AS decided, 0 AS priced, 0 AS value, 0 AS timed, 0 AS days FROM opened
  UNION ALL SELECT month, team, -closed, won, decided, priced, value, timed, days FROM closed
),
whole AS (
  SELECT month, team, opened, won, decided, priced, value, timed, days FROM flow WHERE team IS NOT NULL
  UNION ALL SELECT month, '', opened, won, decided, priced, value, timed, days FROM flow
),
per AS (
  SELECT month.month AS month, e.team AS team, SUM(e.opened) AS stock,
    SUM(CASE WHEN e.month = month.month THEN e.won ELSE 0 END) AS won,
    SUM(CASE WHEN e.month = month.month THEN e.decided ELSE 0 END) AS decided,
    SUM(CASE WHEN e.month = month.month THEN e.priced ELSE 0 END) AS priced,
    SUM(CASE WHEN e.month = month.month THEN e.value ELSE 0 END) AS value,
    SUM(CASE WHEN e.month = month.month THEN e.timed ELSE 0 END) AS timed,
    SUM(CASE WHEN e.month = month.month THEN e.days ELSE 0 END) AS days
  FROM month JOIN whole e ON e.month <= month.month
  GROUP BY month.month, e.team
)
SELECT month, team, 1.0 * stock * won * value * timed AS numerator, 1.0 * decided * priced * days AS denominator, decided AS n FROM per

-- forecast_accuracy [0 0 0 0 0 1 2 0 1 2]
-- What was won in a month ÷ what the forecast said on its first day: amount × probability of the deals then expected to
-- close in it, each value as it was known then: changes of earlier months are known, those of the month itself are not.
-- crm_opportunity_due holds these deals with these values; it is made of crm_opportunity and its changes where an import ends.
WITH -- Who belongs to which reported team. Teams under 5 persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = ? AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < 5 OR people_before > 0 AND persons_before < 5 THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= 5 THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = ? AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = ? AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = ?)
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
),
part AS (
  SELECT month, owner, 0 AS won, SUM(amount * probability) AS forecast, COUNT(*) AS n
  FROM crm_opportunity_due WHERE source = ? AND month BETWEEN ? AND ? GROUP BY month, owner
  UNION ALL
  SELECT month, owner, won_value, 0.0, 0
  FROM crm_opportunity_closed WHERE source = ? AND month BETWEEN ? AND ? AND won_priced > 0
),
counted AS (
  SELECT f.month AS month, m.team AS team, SUM(f.won) AS won, SUM(f.forecast) AS forecast, SUM(f.n) AS n
  FROM part f LEFT JOIN member m ON m.id = f.owner GROUP BY f.month, m.team
)
SELECT month, team, won AS numerator, forecast AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', SUM(won), SUM(forecast), SUM(n) FROM counted GROUP BY month

-- activities [0 0 0 0 0 1 2]
-- crm_activity_day counts crm_activity by day and person: activities without notes and automatic entries.
WITH -- Who belongs to which reported team. Teams under 5 persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = ? AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < 5 OR people_before > 0 AND persons_before < 5 THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= 5 THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = ? AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = ? AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = ?)
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
),
done AS (
  SELECT month, owner, SUM(activities) AS n
  FROM crm_activity_day
  WHERE source = ? AND month BETWEEN ? AND ?
  GROUP BY month, owner
),
counted AS (
  SELECT d.month AS month, m.team AS team, SUM(d.n) AS n
  FROM done d LEFT JOIN member m ON m.id = d.owner
  GROUP BY d.month, m.team
)
SELECT month, team, n AS numerator, 1 AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', SUM(n), 1, SUM(n) FROM counted GROUP BY month

-- retention [0 0 0 0 1 2 0 0 0 0 0 0 2]
-- Revenue of each customer by month: of running subscriptions, each spread over its months, and where a customer has none,
-- the monthly amount between first order and end. Compared with the month before.
WITH -- Who belongs to which reported team. Teams under 5 persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = ? AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < 5 OR people_before > 0 AND persons_before < 5 THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= 5 THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = ? AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = ? AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = ?)
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
),
month AS (SELECT month FROM UNNEST(SEQUENCE(? - 1, ?)) AS months (month)),
paid AS (
  SELECT d.account AS account, d.from_month AS from_month, COALESCE(d.to_month, 999999) AS to_month,
    CASE WHEN d.to_month IS NULL THEN 1.0 * d.net ELSE 1.0 * d.net / (d.to_month - d.from_month + 1) END AS net
  FROM crm_sales_document d
  WHERE d.source = ? AND d.kind = 'subscription' AND d.from_month <= COALESCE(d.to_month, 999999) AND d.account <> ''
    AND d.deleted_at IS NULL AND d.merged_into IS NULL AND d.net > 0
    AND (d.currency IS NULL OR d.currency = (SELECT currency FROM crm_source WHERE id = ?))
),
contract AS (
  SELECT account, from_month, to_month, net FROM paid
  UNION ALL
  SELECT ext_id, first_order_month, COALESCE(ended_month - 1, 999999), 1.0 * monthly
  FROM crm_account
  WHERE source = ? AND first_order_month IS NOT NULL AND monthly > 0
    AND (currency IS NULL OR currency = (SELECT currency FROM crm_source WHERE id = ?))
    AND ext_id NOT IN (SELECT account FROM paid)
),
customer AS (
  SELECT ext_id AS id, ext_id AS account, owner FROM crm_account WHERE source = ? AND merged_into IS NULL AND deleted_at IS NULL
  UNION ALL
  SELECT a.ext_id, b.ext_id, b.owner FROM crm_account a JOIN crm_account b ON b.source = a.source AND b.ext_id = a.merged_into
  WHERE a.source = ? AND b.merged_into IS NULL AND b.deleted_at IS NULL
),
revenue AS (
  SELECT month.month AS month, c.account AS account, MIN(c.owner) AS owner, SUM(k.net) AS net
  FROM month JOIN contract k ON k.from_month <= month.month AND month.month <= k.to_month JOIN customer c ON c.id = k.account
  GROUP BY month.month, c.account
),
kept AS (
  SELECT b.month + 1 AS month, m.team AS team, COUNT(*) AS customers, SUM(CASE WHEN a.account IS NULL THEN 1 ELSE 0 END) AS gone,
    SUM(b.net) AS base, SUM(CASE WHEN a.net < b.net THEN a.net WHEN a.net >= b.net THEN b.net ELSE 0 END) AS held, SUM(COALESCE(a.net, 0)) AS now
  FROM revenue b LEFT JOIN revenue a ON a.account = b.account AND a.month = b.month + 1
  LEFT JOIN member m ON m.id = b.owner
  WHERE b.month < ?
  GROUP BY b.month + 1, m.team
),
per AS (
  SELECT month, team, customers, gone, base, held, now FROM kept WHERE team IS NOT NULL
  UNION ALL SELECT month, '', SUM(customers), SUM(gone), SUM(base), SUM(held), SUM(now) FROM kept GROUP BY month
)
SELECT month, team, 1.0 * gone AS numerator, 1.0 * customers AS denominator, customers AS n, 'logo_churn' AS figure FROM per
UNION ALL SELECT month, team, 1.0 * customers - gone, customers, customers, 'logo_retention' FROM per
UNION ALL SELECT month, team, base - held, base, customers, 'revenue_churn' FROM per
UNION ALL SELECT month, team, held, base, customers, 'gross_retention' FROM per
UNION ALL SELECT month, team, now, base, customers, 'net_retention' FROM per

-- repeat_purchase [0 0 0 0 0 2 0 0 0 1]
-- Of the customers who bought in a month, those who had bought in an earlier one. Orders count; invoices where a source has no orders.
WITH -- Who belongs to which reported team. Teams under 5 persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = ? AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < 5 OR people_before > 0 AND persons_before < 5 THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= 5 THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = ? AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = ? AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = ?)
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
),
bought AS (
  SELECT account, document_month AS month FROM crm_sales_document
  WHERE source = ? AND document_month <= ? AND account <> '' AND deleted_at IS NULL AND merged_into IS NULL
    AND kind = CASE WHEN EXISTS (SELECT 1 FROM crm_sales_document WHERE source = ? AND kind = 'order') THEN 'order' ELSE 'invoice' END
  GROUP BY account, document_month
),
customer AS (
  SELECT ext_id AS id, ext_id AS account, owner FROM crm_account WHERE source = ? AND merged_into IS NULL AND deleted_at IS NULL
  UNION ALL
  SELECT a.ext_id, b.ext_id, b.owner FROM crm_account a JOIN crm_account b ON b.source = a.source AND b.ext_id = a.merged_into
  WHERE a.source = ? AND b.merged_into IS NULL AND b.deleted_at IS NULL
),
buyer AS (SELECT c.account AS account, MIN(c.owner) AS owner, b.month AS month FROM bought b JOIN customer c ON c.id = b.account GROUP BY c.account, b.month),
begun AS (SELECT account, MIN(month) AS month FROM buyer GROUP BY account),
counted AS (
  SELECT b.month AS month, m.team AS team, COUNT(*) AS buyers, SUM(CASE WHEN f.month < b.month THEN 1 ELSE 0 END) AS again
  FROM buyer b JOIN begun f ON f.account = b.account LEFT JOIN member m ON m.id = b.owner
  WHERE b.month >= ?
  GROUP BY b.month, m.team
)
SELECT month, team, again AS numerator, buyers AS denominator, buyers AS n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', SUM(again), SUM(buyers), SUM(buyers) FROM counted GROUP BY month

-- tickets [0 0 0 0 0 1 2]
WITH -- Who belongs to which reported team. Teams under 5 persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = ? AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < 5 OR people_before > 0 AND persons_before < 5 THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= 5 THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = ? AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = ? AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = ?)
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
),
counted AS (
  SELECT t.opened_month AS month, m.team AS team, COUNT(*) AS tickets,
    SUM(CASE WHEN t.category = 'solved' THEN 1 ELSE 0 END) AS solved, SUM(CASE WHEN t.account <> '' THEN 1 ELSE 0 END) AS with_account
  FROM crm_ticket t LEFT JOIN member m ON m.id = t.owner
  WHERE t.source = ? AND t.opened_month BETWEEN ? AND ? AND t.deleted_at IS NULL AND t.merged_into IS NULL
  GROUP BY t.opened_month, m.team
),
per AS (
  SELECT month, team, tickets, solved, with_account FROM counted WHERE team IS NOT NULL
  UNION ALL SELECT month, '', SUM(tickets), SUM(solved), SUM(with_account) FROM counted GROUP BY month
)
SELECT month, team, tickets AS numerator, 1 AS denominator, tickets AS n, 'tickets' AS figure FROM per
UNION ALL SELECT month, team, solved, tickets, tickets, 'tickets_solved' FROM per
UNION ALL SELECT month, team, with_account, tickets, tickets, 'complete_ticket_account' FROM per

-- ticket_response [0 0 0 0 3 0 1 2 3]
-- Minutes from opening to the first reply. Tickets without one have waited until they were closed, or until the end of the
-- last day, and count as waiting (0).
WITH -- Who belongs to which reported team. Teams under 5 persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = ? AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < 5 OR people_before > 0 AND persons_before < 5 THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= 5 THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = ? AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = ? AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = ?)
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
),
waited AS (
  SELECT t.opened_month AS month, m.team AS team, CASE WHEN t.first_reply_at IS NULL THEN 0 ELSE 1 END AS outcome,
    (COALESCE(t.first_reply_at, t.closed_at, (? + 1) * 86400000000) - t.opened_at) / 60000000 AS age
  FROM crm_ticket t LEFT JOIN member m ON m.id = t.owner
  WHERE t.source = ? AND t.opened_month BETWEEN ? AND ? AND t.deleted_at IS NULL AND t.merged_into IS NULL
    AND COALESCE(t.first_reply_at, t.closed_at, (? + 1) * 86400000000) >= t.opened_at
),
counted AS (SELECT month, team, age, outcome, COUNT(*) AS n FROM waited GROUP BY month, team, age, outcome)
SELECT month, team, age AS numerator, outcome AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', age, outcome, SUM(n) FROM counted GROUP BY month, age, outcome

-- ticket_resolution [0 0 0 0 3 0 1 2]
-- Days from opening to closing of solved tickets; those not solved count with their age so far (0).
WITH -- Who belongs to which reported team. Teams under 5 persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = ? AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < 5 OR people_before > 0 AND persons_before < 5 THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= 5 THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = ? AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = ? AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = ?)
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
),
aged AS (
  SELECT t.opened_month AS month, m.team AS team, CASE WHEN t.category = 'solved' AND t.closed_day IS NOT NULL THEN 1 ELSE 0 END AS outcome,
    CASE WHEN t.category = 'solved' AND t.closed_day IS NOT NULL THEN t.closed_day ELSE ? END - t.opened_day AS age
  FROM crm_ticket t LEFT JOIN member m ON m.id = t.owner
  WHERE t.source = ? AND t.opened_month BETWEEN ? AND ? AND t.deleted_at IS NULL AND t.merged_into IS NULL
    AND (COALESCE(t.category, 'open') <> 'solved' OR t.closed_day IS NOT NULL)
),
counted AS (SELECT month, team, age, outcome, COUNT(*) AS n FROM aged WHERE age >= 0 GROUP BY month, team, age, outcome)
SELECT month, team, age AS numerator, outcome AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', age, outcome, SUM(n) FROM counted GROUP BY month, age, outcome

-- use [0 0 0 0 1 2 0 0 1 2 0 1 2 0 1 2 0]
-- Who works with the CRM: log-ins where the source has any; otherwise whoever changed a deal or wrote an activity counts as
-- having used it that day. Counted against all persons employed in the month. crm_opportunity_change_day and crm_activity_day
-- count changes and activities by day and person, without what was automatic.
WITH -- Who belongs to which reported team. Teams under 5 persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = ? AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < 5 OR people_before > 0 AND persons_before < 5 THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= 5 THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = ? AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = ? AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = ?)
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
),
month AS (SELECT month FROM UNNEST(SEQUENCE(?, ?)) AS months (month)),
staff AS (
  SELECT month.month AS month, u.ext_id AS person, m.team AS team
  FROM crm_user u JOIN month ON COALESCE(u.hired_month, 0) <= month.month AND month.month <= COALESCE(u.left_month, 999999)
  JOIN member m ON m.id = u.ext_id
  WHERE u.source = ? AND COALESCE(u.is_person, 1) = 1 AND u.merged_into IS NULL
    AND (u.left_month IS NOT NULL OR COALESCE(u.active, 1) = 1 AND u.deleted_at IS NULL)
),
used AS (
  SELECT logged_month AS month, person AS who, logged_day AS day, 1 AS present, 0 AS deals, 0 AS activities, 0 AS notes
  FROM crm_login
  WHERE source = ? AND logged_month BETWEEN ? AND ? AND COALESCE(success, 1) = 1 AND COALESCE(kind, 'interactive') <> 'api' AND deleted_at IS NULL
  UNION ALL
  SELECT month, person, day, 0, changes, 0, 0 FROM crm_opportunity_change_day
  WHERE source = ? AND month BETWEEN ? AND ? AND changes > 0
  UNION ALL
  SELECT month, author, day, 0, 0, activities, notes FROM crm_activity_day
  WHERE source = ? AND month BETWEEN ? AND ? AND activities + notes > 0
),
monthly AS (
  SELECT u.month AS month, m.person AS person, SUM(u.deals) AS deals, SUM(u.activities) AS activities, SUM(u.notes) AS notes,
    CASE WHEN EXISTS (SELECT 1 FROM crm_login WHERE source = ?) THEN COUNT(DISTINCT CASE WHEN u.present = 1 THEN u.day END) ELSE COUNT(DISTINCT u.day) END AS days
  FROM used u JOIN member m ON m.id = u.who
  GROUP BY u.month, m.person
),
counted AS (
  SELECT s.month AS month, s.team AS team, COUNT(*) AS persons,
    SUM(CASE WHEN d.days > 0 THEN 1 ELSE 0 END) AS active,
    SUM(CASE WHEN d.deals > 0 THEN 1 ELSE 0 END) AS with_deals,
    SUM(CASE WHEN d.activities > 0 THEN 1 ELSE 0 END) AS with_activities,
    SUM(CASE WHEN d.notes > 0 THEN 1 ELSE 0 END) AS with_notes,
    SUM(CASE WHEN d.days > 0 THEN d.deals + d.activities + d.notes ELSE 0 END) AS actions,
    SUM(CASE WHEN d.days > 0 THEN d.days ELSE 0 END) AS days
  FROM staff s LEFT JOIN monthly d ON d.month = s.month AND d.person = s.person
  GROUP BY s.month, s.team
),
per AS (
  SELECT month, team, persons, active, with_deals, with_activities, with_notes, actions, days FROM counted WHERE team IS NOT NULL
  UNION ALL
  SELECT month, '', SUM(persons), SUM(active), SUM(with_deals), SUM(with_activities), SUM(with_notes), SUM(actions), SUM(days) FROM counted GROUP BY month
)
SELECT month, team, active AS numerator, persons AS denominator, persons AS n, 'adoption' AS figure FROM per
UNION ALL SELECT month, team, with_deals, persons, persons, 'adoption_deals' FROM per
UNION ALL SELECT month, team, with_activities, persons, persons, 'adoption_activities' FROM per
UNION ALL SELECT month, team, with_notes, persons, persons, 'adoption_notes' FROM per
UNION ALL SELECT month, team, actions, active, active, 'adoption_depth' FROM per
UNION ALL SELECT month, team, days, active, active, 'adoption_regularity' FROM per

-- accounts [0 0 0 0 0 0 2 2]
-- Accounts as they stand today, shown at the last month.
WITH -- Who belongs to which reported team. Teams under 5 persons go into '*', and so does the next larger team where
-- '*' would itself be so small, or else the total would tell what the teams hide.
known AS (
  SELECT ext_id AS person, COALESCE(team, '') AS team,
    CASE WHEN COALESCE(active, 1) = 1 AND left_day IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END AS active
  FROM crm_user WHERE source = ? AND COALESCE(is_person, 1) = 1 AND merged_into IS NULL
),
sized AS (
  SELECT team, CASE WHEN team = '' THEN 0 ELSE 1 END AS named, COUNT(*) AS people, SUM(active) AS persons FROM known GROUP BY team
),
ranked AS (
  SELECT team, named, persons,
    SUM(people) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - people AS people_before,
    SUM(persons) OVER (ORDER BY named, persons, team ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - persons AS persons_before
  FROM sized
),
merged AS (
  SELECT team, persons, CASE WHEN named = 0 OR persons < 5 OR people_before > 0 AND persons_before < 5 THEN '*' ELSE team END AS shown
  FROM ranked
),
reported AS (
  SELECT team, CASE WHEN shown <> '*' OR (SELECT SUM(persons) FROM merged WHERE shown = '*') >= 5 THEN shown END AS shown
  FROM merged
),
named AS (
  SELECT person AS id, person FROM known
  UNION ALL
  SELECT ext_id, merged_into FROM crm_user WHERE source = ? AND merged_into IS NOT NULL
  UNION ALL
  SELECT ext_id, person FROM crm_user_alias
  WHERE source = ? AND deleted_at IS NULL AND ext_id NOT IN (SELECT ext_id FROM crm_user WHERE source = ?)
),
member AS (
  SELECT n.id AS id, n.person AS person, r.shown AS team
  FROM named n JOIN known k ON k.person = n.person JOIN reported r ON r.team = k.team
),
reach AS (
  SELECT account, MAX(CASE WHEN email <> '' THEN 1 ELSE 0 END) AS email, MAX(CASE WHEN phone <> '' THEN 1 ELSE 0 END) AS phone
  FROM crm_contact WHERE source = ? AND deleted_at IS NULL AND merged_into IS NULL AND account <> ''
  GROUP BY account
),
counted AS (
  SELECT m.team AS team, COUNT(*) AS n, SUM(COALESCE(r.email, 0)) AS email,
    SUM(CASE WHEN a.phone <> '' OR r.phone = 1 THEN 1 ELSE 0 END) AS phone,
    SUM(CASE WHEN a.industry <> '' THEN 1 ELSE 0 END) AS industry,
    SUM(CASE WHEN a.postal_code <> '' AND a.city <> '' THEN 1 ELSE 0 END) AS address
  FROM crm_account a LEFT JOIN reach r ON r.account = a.ext_id LEFT JOIN member m ON m.id = a.owner
  WHERE a.source = ? AND a.deleted_at IS NULL AND a.merged_into IS NULL AND COALESCE(a.type, 'customer') <> 'own'
  GROUP BY m.team
),
per AS (
  SELECT CAST(? AS BIGINT) AS month, team, n, email, phone, industry, address FROM counted WHERE team IS NOT NULL
  UNION ALL SELECT CAST(? AS BIGINT), '', SUM(n), SUM(email), SUM(phone), SUM(industry), SUM(address) FROM counted
)
SELECT month, team, email AS numerator, n AS denominator, n, 'complete_account_email' AS figure FROM per WHERE n > 0
UNION ALL SELECT month, team, phone, n, n, 'complete_account_phone' FROM per WHERE n > 0
UNION ALL SELECT month, team, industry, n, n, 'complete_account_industry' FROM per WHERE n > 0
UNION ALL SELECT month, team, address, n, n, 'complete_account_address' FROM per WHERE n > 0

