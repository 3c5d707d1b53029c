-- Who works with the CRM: log-ins where the source has any; otherwise whoever changed a deal or wrote an activity counts as
-- having used it that day. Counted against all persons employed in the month. crm_opportunity_change_day and crm_activity_day
-- count changes and activities by day and person, without what was automatic.
WITH {{template "people"}},
month AS ({{months 0}}),
staff AS (
  SELECT month.month AS month, u.ext_id AS person, m.team AS team
  FROM crm_user u JOIN month ON COALESCE(u.hired_month, 0) <= month.month AND month.month <= COALESCE(u.left_month, 999999)
  JOIN member m ON m.id = u.ext_id
  WHERE u.source = {{source}} AND COALESCE(u.is_person, 1) = 1 AND u.merged_into IS NULL
    AND (u.left_month IS NOT NULL OR COALESCE(u.active, 1) = 1 AND u.deleted_at IS NULL)
),
used AS (
  SELECT logged_month AS month, person AS who, logged_day AS day, 1 AS present, 0 AS deals, 0 AS activities, 0 AS notes
  FROM crm_login
  WHERE source = {{source}} AND logged_month BETWEEN {{first}} AND {{last}} AND COALESCE(success, 1) = 1 AND COALESCE(kind, 'interactive') <> 'api' AND deleted_at IS NULL
  UNION ALL
  SELECT month, person, day, 0, changes, 0, 0 FROM crm_opportunity_change_day
  WHERE source = {{source}} AND month BETWEEN {{first}} AND {{last}} AND changes > 0
  UNION ALL
  SELECT month, author, day, 0, 0, activities, notes FROM crm_activity_day
  WHERE source = {{source}} AND month BETWEEN {{first}} AND {{last}} AND activities + notes > 0
),
monthly AS (
  SELECT u.month AS month, m.person AS person, SUM(u.deals) AS deals, SUM(u.activities) AS activities, SUM(u.notes) AS notes,
    CASE WHEN EXISTS (SELECT 1 FROM crm_login WHERE source = {{source}}) THEN COUNT(DISTINCT CASE WHEN u.present = 1 THEN u.day END) ELSE COUNT(DISTINCT u.day) END AS days
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
